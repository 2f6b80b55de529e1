import { LongshoreError, NO_REVISION, type SessionConfiguration } from '#contracts';
import type { EngineSession, SessionSpec } from '#engines';
import type { Logger } from '#observability';
import { type HostedEngine, type HostedEngines, slotsOf } from '../engines/hosted-engines.js';
import type { Provision } from './provide-session.js';
import { contextLadder } from './room.js';
import { contextSizeFor, keepAliveFor, settingsOf } from './session-plan.js';
import type { LoadTask } from './load-task.js';

export interface StartParts {
  readonly workerId: string;
  readonly settings: {
    /** Tokens; 0 = no wish. */
    readonly contextSize: number;
    /** 0 = whatever suits the engine. */
    readonly slots: number;
    readonly threads: number;
    /** ms, -1 = for ever. */
    readonly keepAlive: number;
  };
  readonly runDirectory: string;
  readonly engines: HostedEngines;
  readonly logger: Logger;
}

/** All that belongs to one start. */
export interface Start {
  readonly task: LoadTask;
  /** In force, whatever engine it is for. */
  readonly configuration: SessionConfiguration | undefined;
  readonly provision: Provision;
  readonly hosted: HostedEngine;
  /** Contexts in the order to try. */
  readonly ladder: readonly (number | undefined)[];
}

/** What is known of a session that has started. */
export interface StartedSession {
  readonly engine: EngineSession;
  readonly hosted: HostedEngine;
  readonly reference?: string;
  /** ms, -1 = for ever. */
  readonly keepAlive: number;
  readonly revision?: string;
  /** Tokens of one slot; absent = the engine decided. */
  readonly contextSize?: number;
}

/** Which engine is to run a model, and with how much context. @throws LongshoreError `no_capable_worker` */
export function planStart(
  { engines, workerId, settings, logger }: StartParts,
  order: Pick<Start, 'task' | 'configuration' | 'provision'>,
): Start {
  const { model, files } = order.provision;
  const { mode } = order.task.identity;
  const hosted = engines.forFormat(files.format);
  if (hosted === undefined || !hosted.probe.modes.includes(mode)) {
    const what = hosted === undefined ? `for ${files.format} models` : `that runs models for ${mode}`;
    throw new LongshoreError('no_capable_worker', `Worker ${workerId} has no engine ${what}.`);
  }
  const start = { ...order, hosted, ladder: [] };
  const configuration = configurationFor(start);
  if (order.configuration !== undefined && configuration === undefined) {
    const { engine, reference } = order.configuration;
    logger.warn('A configuration is for another engine', { reference, engine, here: hosted.engine.name });
  }
  const contextSize = contextSizeFor({
    configured: configuration?.contextSize,
    worker: settings.contextSize,
    model: model.config.context_size,
    format: files.format,
  });
  return { ...start, ladder: contextLadder(contextSize) };
}

/** What the engine is told. */
export function specOf(
  { settings, runDirectory, logger }: StartParts,
  start: Start,
  contextSize: number | undefined,
): SessionSpec {
  const { task, provision, hosted } = start;
  const servedName = nameOf(provision);
  const engineSettings = settingsOf(configurationFor(start), provision.draft);
  return {
    mode: task.identity.mode,
    servedName,
    files: provision.files,
    slots: slotsOf(hosted, settings.slots),
    threads: settings.threads,
    runDirectory,
    log: (line) => logger.debug(line, { engine: hosted.engine.driver, model: servedName }),
    ...(contextSize !== undefined && { contextSize }),
    ...(engineSettings !== undefined && { settings: engineSettings }),
  };
}

/** What the cluster is told. */
export function describeStart(
  { task, configuration, provision, hosted }: Start,
  engine: EngineSession,
  {
    pinned,
    keepAlive,
    contextSize,
  }: { readonly pinned: boolean; readonly keepAlive: number; readonly contextSize: number | undefined },
): StartedSession {
  const reference = task.reference ?? configuration?.reference ?? provision.model.tags[0];
  return {
    engine,
    hosted,
    keepAlive: keepAliveFor({ configured: configuration?.keepAlive, pinned, worker: keepAlive }),
    ...(reference !== undefined && { reference }),
    ...(configuration && configuration.revision !== NO_REVISION && { revision: configuration.revision }),
    ...(contextSize !== undefined && { contextSize }),
  };
}

/** The same on every worker, because another may go on with an answer: workers differ in the digests they pulled by. */
export function nameOf({ model: { id, tags } }: Provision): string {
  return tags.filter((tag) => !tag.includes('@')).toSorted()[0] ?? tags[0] ?? id;
}

/** Flags of another engine mean nothing here. */
function configurationFor({ configuration, hosted }: Start): SessionConfiguration | undefined {
  return configuration?.engine === hosted.engine.name ? configuration : undefined;
}
