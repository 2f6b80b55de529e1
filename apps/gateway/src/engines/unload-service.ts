import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, ControlSender, WorkerDirectory } from '#cluster';
import { type EngineName, LongshoreError, type SessionAnnouncement } from '#contracts';
import { engineOf } from '../http/engine-of.js';
import { findManaged } from '../models/find-managed.js';
import { decodeObject, invalidRequest, readBoolean, readString, readStrings } from './decode-body.js';

export interface UnloadRequest {
  /** Every model. */
  readonly all: boolean;
  readonly engine?: EngineName;
  /** As the caller wrote them. */
  readonly models: readonly string[];
}

type PlacedSession = SessionAnnouncement & { readonly workerId: string };

/** Each name is looked up by itself. */
const MOST_MODELS = 1_000;

/** Workers say within this that what they end is gone; ms. */
const GONE_WITHIN_MS = 1_000;
const LOOK_INTERVAL_MS = 20;

/** Body of `POST /engines/unload`. @throws RouteFailure 400, LongshoreError `unknown_engine` */
export function decodeUnload(body: unknown): UnloadRequest {
  const object = decodeObject(body);
  const engine = engineOf(readString(object, 'backend'));
  const models = readStrings(object, 'models') ?? [];
  if (models.length > MOST_MODELS)
    throw invalidRequest(`"models" must not list more than ${MOST_MODELS} names; "all" ends every model.`);
  return { all: readBoolean(object, 'all'), models, ...(engine && { engine }) };
}

/** Ends idle sessions, wherever they are. */
@Injectable()
export class UnloadService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly directory: WorkerDirectory,
    private readonly control: ControlSender,
  ) {}

  /** @returns how many sessions are ended; those in use stay. @throws LongshoreError `redis_unavailable` */
  async unload({ all, engine, models }: UnloadRequest): Promise<number> {
    const ids = all ? [undefined] : await this.idsOf(models);
    const idle = this.idle(ids, engine);
    await this.dropConfigurations(ids, engine);
    for (const modelId of ids) {
      const heard = await this.control.send(undefined, {
        kind: 'unload',
        ...(modelId && { modelId }),
        ...(engine && { engine }),
      });
      if (heard === 0 && idle.length > 0) throw new LongshoreError('redis_unavailable');
    }
    if (idle.length > 0) await this.untilGone(ids, engine);
    return idle.filter((session) => !this.isInUse(session)).length;
  }

  private async idsOf(models: readonly string[]): Promise<readonly string[]> {
    const sessions = this.directory.workers().flatMap((worker) => worker.sessions);
    const found = await Promise.all(
      models.map(async (text) => {
        // A deleted model may still be loaded, and is known by what its sessions say.
        const told = sessions.find(({ reference, modelId }) => reference === text || modelId === text);
        return (await findManaged(this.catalogue, text))?.id ?? told?.modelId;
      }),
    );
    return [...new Set(found.filter((id) => id !== undefined))];
  }

  private idle(
    ids: readonly (string | undefined)[],
    engine: EngineName | undefined,
  ): readonly PlacedSession[] {
    return this.sessions()
      .filter((session) => session.state === 'ready' && session.busy === 0)
      .filter((session) => engine === undefined || session.engine === engine)
      .filter(({ modelId }) => ids.includes(undefined) || ids.includes(modelId));
  }

  /** Workers say what is in use a moment late, and leave alone what turns out to be. */
  private isInUse({ workerId, modelId, mode }: PlacedSession): boolean {
    return this.sessions().some(
      (now) => now.workerId === workerId && now.modelId === modelId && now.mode === mode && now.busy > 0,
    );
  }

  private sessions(): readonly PlacedSession[] {
    return this.directory
      .workers()
      .flatMap(({ workerId, sessions }) => sessions.map((session) => ({ ...session, workerId })));
  }

  /** All go with all models; those of one model only when its engine is named. */
  private async dropConfigurations(
    ids: readonly (string | undefined)[],
    engine: EngineName | undefined,
  ): Promise<void> {
    if (engine === undefined) {
      if (ids.includes(undefined)) await this.configurations.clear();
      return;
    }
    for (const configuration of await this.configurations.all()) {
      const meant = ids.includes(undefined) || ids.includes(configuration.modelId);
      if (meant && configuration.engine === engine) await this.configurations.remove(configuration);
    }
  }

  /** So that who asks next what runs is told the truth. */
  private async untilGone(
    ids: readonly (string | undefined)[],
    engine: EngineName | undefined,
  ): Promise<void> {
    const giveUpAt = performance.now() + GONE_WITHIN_MS;
    while (this.idle(ids, engine).length > 0 && performance.now() < giveUpAt) await delay(LOOK_INTERVAL_MS);
  }
}
