import type { IncomingMessage } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Catalogue, Configurations, ControlSender, WorkerDirectory } from '#cluster';
import {
  type CatalogueModel,
  ENVELOPE_VERSION,
  LongshoreError,
  type Mode,
  type SessionConfiguration,
  type WorkerAnnouncement,
} from '#contracts';
import { chooseEngine } from '../../engines/choose-engine.js';
import { revisionOf } from '../../engines/configuration-revision.js';
import { UnloadService } from '../../engines/unload-service.js';
import { callerOf, mayDo } from '../../front-door/keys/caller.js';
import { capabilitiesOf } from './encode-show.js';
import { nextConfiguration } from './next-configuration.js';
import type { ModelWishes } from './ollama-call.js';
import { usualContext } from './usual-context.js';

/** Tries to unload a model behind an answer: what has just answered is in use for a moment longer. */
const UNLOAD_TRIES = 10;
const UNLOAD_INTERVAL_MS = 300;

/** Puts what calls of the Ollama API say about their model into the configuration of the cluster. */
@Injectable()
export class ModelWishesService {
  constructor(
    private readonly catalogue: Catalogue,
    private readonly configurations: Configurations,
    private readonly directory: WorkerDirectory,
    private readonly control: ControlSender,
    private readonly unloading: UnloadService,
  ) {}

  /**
   * Keeps how long the model stays, and gives it more context where it has less than is asked for. Nothing is written
   * when nothing changes, and a session is started anew only for more context. A model there is not is left alone: the
   * call that follows says so.
   * A caller whose key may not configure models changes nothing.
   * @throws LongshoreError `no_capable_worker`, `redis_unavailable`
   */
  async fulfil(wishes: ModelWishes, mode: Mode, request: IncomingMessage): Promise<void> {
    const { keepAlive, contextSize } = wishes;
    if (((keepAlive ?? 0) === 0 && contextSize === undefined) || !mayConfigure(request)) return;
    const model = await this.catalogue.find(wishes.model);
    if (model === undefined) return;
    const workers = this.directory.workers();
    const asked = {
      ...(keepAlive !== undefined && keepAlive !== 0 && { keepAlive }),
      ...(contextSize !== undefined && { contextSize }),
      modelContext: model.config.context_size,
      usualContext: usualContext(model.config),
      sessionContext: contextOf(workers, model, mode),
    };
    const written = await this.configurations.update({ modelId: model.id, mode }, (standing) => {
      const next = nextConfiguration(standing, asked);
      if (next === undefined) return undefined;
      const full = {
        engine: chooseEngine({ model, mode }, workers),
        reference: model.tags[0] ?? model.id,
        ...next,
        version: ENVELOPE_VERSION,
        modelId: model.id,
        mode,
      } satisfies Omit<SessionConfiguration, 'revision'>;
      return { ...full, revision: revisionOf(full) };
    });
    if (written !== undefined)
      await this.control.send(undefined, { kind: 'configure', modelId: model.id, mode });
  }

  /** What a model is loaded for by a call that asks for nothing: one that only embeds has no use in another mode. */
  async modeOf(name: string, route: Mode): Promise<Mode> {
    const model = await this.catalogue.find(name);
    const embeds = model !== undefined && capabilitiesOf(model, { projector: false }).includes('embedding');
    return embeds ? 'embedding' : route;
  }

  /** {@link unload} for a caller who asks for nothing else. @throws LongshoreError `model_not_found` */
  async unloadNamed(model: string): Promise<void> {
    const found = await this.catalogue.find(model);
    if (found === undefined) throw new LongshoreError('model_not_found', `No such model: ${model}`, 'model');
    await this.unload(model);
  }

  /** Ends the sessions of a model as soon as they are idle. Never rejects; gives up when others keep them busy. */
  async unload(model: string): Promise<void> {
    for (let tries = 0; tries < UNLOAD_TRIES; tries++) {
      try {
        await this.unloading.unload({ all: false, models: [model] });
        if (!(await this.isResident(model))) return;
      } catch {
        return;
      }
      await delay(UNLOAD_INTERVAL_MS, undefined, { ref: false });
    }
  }

  private async isResident(text: string): Promise<boolean> {
    const id = (await this.catalogue.find(text))?.id;
    return this.directory.workers().some(({ sessions }) => sessions.some(({ modelId }) => modelId === id));
  }
}

/** Whether the caller may change how models run, and end their sessions. */
export function mayConfigure(request: IncomingMessage): boolean {
  const caller = callerOf(request);
  return caller === undefined || mayDo(caller, 'models');
}

/** The least context that a session of the model has; undefined when there is none, or none says. */
function contextOf(
  workers: readonly WorkerAnnouncement[],
  { id }: CatalogueModel,
  mode: Mode,
): number | undefined {
  const sizes = workers
    .flatMap(({ sessions }) => sessions)
    .filter((session) => session.modelId === id && session.mode === mode)
    .flatMap(({ contextSize }) => contextSize ?? []);
  return sizes.length === 0 ? undefined : Math.min(...sizes);
}
