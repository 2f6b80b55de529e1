import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Catalogue, WorkerDirectory } from '#cluster';
import {
  type CatalogueModel,
  completionQueue,
  type EngineName,
  ENVELOPE_VERSION,
  isErrorCode,
  type LoadEvent,
  LongshoreError,
  type Mode,
  type WorkerAnnouncement,
} from '#contracts';
import { JobQueue } from '#queue';
import { place } from '../completions/placement.js';
import { GatewayConfig } from '../gateway.config.js';
import { askedReference } from '../models/asked-reference.js';
import { LoadNews } from './load-news.js';

export interface ModelLoad {
  readonly model: CatalogueModel;
  readonly mode: Mode;
  /** Only into an engine that the path names. */
  readonly engine?: EngineName;
  /** What the model was asked for by. */
  readonly reference?: string;
}

/** How often it is looked at who is ready and who could load; ms. */
const LOOK_INTERVAL_MS = 100;

/** A load of which nobody says that it goes on is asked for again after this; ms. */
const ASK_AGAIN_MS = 3_000;

/** Workers may come back within this before a load counts as one that nobody is left for; ms. */
const NOBODY_LEFT_MS = 5_000;

/** Makes models resident, and tells those who wait for it how that ended. */
@Injectable()
export class ModelLoads {
  private readonly underWay = new Map<string, Promise<void>>();

  constructor(
    private readonly queue: JobQueue,
    private readonly directory: WorkerDirectory,
    private readonly news: LoadNews,
    private readonly catalogue: Catalogue,
    private readonly config: GatewayConfig,
  ) {}

  /** {@link load} for a model as a caller writes it. @throws LongshoreError also `model_not_found` */
  async loadNamed(
    { model: text, ...load }: Omit<ModelLoad, 'model' | 'reference'> & { readonly model: string },
    signal: AbortSignal,
  ): Promise<void> {
    const model = await this.catalogue.find(text);
    if (model === undefined) throw new LongshoreError('model_not_found', `No such model: ${text}`, 'model');
    const reference = askedReference(text, this.config.defaultRegistry);
    await this.load({ ...load, model, ...(reference !== undefined && { reference }) }, signal);
  }

  /**
   * Resolves when some worker answers requests with the model; joins a load that is under way. An abort ends the
   * waiting and not the load.
   * @throws LongshoreError what the load failed with; `no_worker`, `no_capable_worker`, `deadline_exceeded`
   */
  async load(load: ModelLoad, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const key = [load.model.id, load.mode, load.engine ?? ''].join(' ');
    let done = this.underWay.get(key);
    if (done === undefined) {
      done = this.bringUp(load).finally(() => this.underWay.delete(key));
      done.catch(() => undefined);
      this.underWay.set(key, done);
    }
    await orAborted(done, signal);
  }

  private async bringUp(load: ModelLoad): Promise<void> {
    const following = new FollowedLoad(load, () => this.directory.workers());
    const stop = this.news.listen((event) => following.note(event));
    try {
      await this.pursue(load, following);
    } finally {
      stop();
    }
  }

  private async pursue(load: ModelLoad, following: FollowedLoad): Promise<void> {
    const deadline = performance.now() + this.config.requestTimeout;
    let askAt = -Infinity;
    let nobodySince: number | undefined;
    while (!following.over) {
      const now = performance.now();
      if (now >= deadline) throw new LongshoreError('deadline_exceeded', OVERDUE);
      try {
        if (following.goesOn) askAt = Math.max(askAt, now + ASK_AGAIN_MS);
        const place = this.placeOf(load);
        if (now >= askAt) {
          await this.ask(load, place);
          askAt = performance.now() + ASK_AGAIN_MS;
        }
        nobodySince = undefined;
      } catch (error) {
        // What cannot be asked for at all is said at once; a load that was begun may be taken over.
        nobodySince ??= now;
        if (askAt === -Infinity || now - nobodySince >= NOBODY_LEFT_MS) throw error;
      }
      await delay(LOOK_INTERVAL_MS, undefined, { signal: following.changed }).catch(() => undefined);
    }
    if (following.failure !== undefined) throw following.failure;
  }

  private placeOf({ model, mode, engine }: ModelLoad): ReturnType<typeof place> {
    return place({ model, mode, ...(engine && { engine }) }, this.directory.workers());
  }

  private ask({ model, mode, reference }: ModelLoad, { variant }: ReturnType<typeof place>): Promise<void> {
    return this.queue.addLoad(variant, {
      version: ENVELOPE_VERSION,
      modelId: model.id,
      mode,
      ...(reference && { reference }),
    });
  }
}

const OVERDUE = 'The model was not ready before the request time limit; see LONGSHORE_REQUEST_TIMEOUT.';

/** What is known of one load. */
class FollowedLoad {
  failure: LongshoreError | undefined;
  private told = false;
  private readonly news = new AbortController();

  constructor(
    private readonly load: ModelLoad,
    private readonly workers: () => readonly WorkerAnnouncement[],
  ) {}

  /** Aborts when there is an end to be told. */
  get changed(): AbortSignal {
    return this.news.signal;
  }

  get over(): boolean {
    return this.told || this.failure !== undefined || this.has('ready');
  }

  /** Some worker is at it. */
  get goesOn(): boolean {
    return this.has('loading');
  }

  note(event: LoadEvent): void {
    const { model, mode } = this.load;
    const { modelId, variant } = event;
    const ours = completionQueue({ variant, modelId: model.id, mode });
    if (completionQueue({ variant, modelId, mode: event.mode }) !== ours) return;
    // Ready may be over as soon as it is told, of a model that nothing keeps loaded.
    if (event.stage === 'ready') this.told ||= this.isCapable(event.workerId);
    else if (event.stage === 'failed' && !this.isTriedBesides(event.workerId))
      this.failure = failureOf(event);
    if (this.over) this.news.abort();
  }

  private has(state: 'ready' | 'loading'): boolean {
    return this.sessions().some(({ session }) => session.state === state);
  }

  /** Another worker has the model or is loading it: then the failure of one is not that of the load. */
  private isTriedBesides(failed: string): boolean {
    return this.sessions().some(
      ({ workerId, session }) => workerId !== failed && session.state !== 'draining',
    );
  }

  private isCapable(workerId: string): boolean {
    const { engine } = this.load;
    if (engine === undefined) return true;
    const worker = this.workers().find((alive) => alive.workerId === workerId);
    return worker?.engines.some(({ name }) => name === engine) ?? false;
  }

  private sessions() {
    const { model, mode, engine } = this.load;
    return this.workers()
      .filter(({ draining }) => !draining)
      .flatMap(({ workerId, sessions }) => sessions.map((session) => ({ workerId, session })))
      .filter(
        ({ session }) =>
          session.modelId === model.id &&
          session.mode === mode &&
          (engine === undefined || session.engine === engine),
      );
  }
}

function failureOf({ code = '', message, workerId }: LoadEvent): LongshoreError {
  const words = message ?? `unable to load runner: see the log of worker ${workerId}.`;
  return new LongshoreError(isErrorCode(code) ? code : 'load_failed', words);
}

async function orAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    await Promise.race([done, aborted]);
  } finally {
    if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
  }
}
