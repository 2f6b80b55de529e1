import {
  completionQueue,
  type EngineName,
  type Mode,
  type SessionAnnouncement,
  type SessionState,
  type Variant,
} from '#contracts';
import type { EngineCall, EngineResponse, EngineSession } from '#engines';
import type { PumpedJob, QueuePump } from '#queue';
import type { AnsweringSession } from '../jobs/completion.handler.js';
import { EngineEnded } from '../jobs/judge-failure.js';
import { DrainRate } from './drain-rate.js';
import type { AwaitedAnswer, EngineWatch } from './engine-watch.js';
import { Turns } from './turns.js';

export interface SessionIdentity {
  readonly modelId: string;
  readonly mode: Mode;
}

/** Name of the queue a session serves; also what it is known by on its worker. */
export function queueOf({ modelId, mode }: SessionIdentity, variant: Variant): string {
  return completionQueue({ variant, modelId, mode });
}

/** How long to wait for the process's end after its connection broke; ms. */
const OBITUARY_WAIT_MS = 1_000;

export interface ResidentSessionOptions {
  readonly identity: SessionIdentity;
  readonly engineName: EngineName;
  readonly engine: EngineSession;
  readonly watch: Pick<EngineWatch, 'owes'>;
  /** What it was first asked for by. */
  readonly reference?: string;
  /** How long it stays when idle; ms, -1 = for ever. */
  readonly keepAlive: number;
  /** Of the configuration it runs with; absent when there is none. */
  readonly revision?: string;
  /** Tokens of one slot; absent = the engine decided. */
  readonly contextSize?: number;
  readonly createPump: (run: (job: PumpedJob) => Promise<void>, slots: number) => QueuePump;
  readonly run: (job: PumpedJob, session: AnsweringSession) => Promise<void>;
}

/** One engine process with the pump that feeds it. */
export class ResidentSession implements AnsweringSession {
  state: SessionState = 'ready';
  lastUsed: number;
  /** It has run a request. */
  used = false;
  keepAlive: number;
  readonly identity: SessionIdentity;
  readonly engine: EngineSession;
  readonly revision: string | undefined;
  /** The configuration that is to take its place, or that was found not to work; empty = none. */
  refusedRevision: string | undefined;
  private readonly pump: QueuePump;
  private readonly running = new Set<PumpedJob>();
  private readonly rate = new DrainRate();
  private readonly turns = new Turns();
  private ended = false;

  constructor(private readonly options: ResidentSessionOptions) {
    const { identity, engine, keepAlive, revision, createPump } = options;
    [this.identity, this.engine, this.keepAlive, this.revision] = [identity, engine, keepAlive, revision];
    this.lastUsed = Date.now();
    void engine.exited.then(() => (this.ended = true));
    this.pump = createPump((job) => this.track(job), engine.slots);
  }

  readonly call = (call: EngineCall): Promise<EngineResponse> => this.engine.call(call);

  readonly resume = (call: EngineCall, delivered: Buffer): Promise<EngineResponse> =>
    this.engine.resume(call, delivered);

  readonly owes = (answer: AwaitedAnswer): (() => void) => this.options.watch.owes(answer);

  readonly alone = async (signal: AbortSignal): Promise<() => void> => {
    const end = await this.turns.take(signal);
    if (!this.ended) return end;
    end();
    throw new EngineEnded('The engine ended before the request had its turn.');
  };

  get reference(): string | undefined {
    return this.options.reference;
  }

  get engineName(): EngineName {
    return this.options.engineName;
  }

  get busy(): number {
    return this.pump.busy;
  }

  /** True while a request runs here that has seen a worker or engine end before: it may have been the cause. */
  get suspect(): boolean {
    return [...this.running].some(({ failures }) => failures > 0);
  }

  readonly obituary = async (): Promise<string | undefined> => {
    const exit = await Promise.race([
      this.engine.exited,
      new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), OBITUARY_WAIT_MS).unref()),
    ]);
    return exit?.reason;
  };

  begin(): void {
    this.pump.start();
  }

  /** Takes no further job and resolves when those begun are done. */
  async drain(): Promise<void> {
    this.state = 'draining';
    await this.pump.stop();
  }

  announce(): SessionAnnouncement {
    const { reference, engineName, revision, contextSize } = this.options;
    const drainRate = this.rate.of(this.engine.slots);
    return {
      modelId: this.identity.modelId,
      mode: this.identity.mode,
      engine: engineName,
      state: this.state,
      slots: this.engine.slots,
      busy: this.busy,
      lastUsed: this.lastUsed,
      keepAlive: this.keepAlive,
      ...(drainRate !== undefined && { drainRate }),
      ...(reference !== undefined && { reference }),
      ...(revision !== undefined && { revision }),
      ...(contextSize !== undefined && contextSize > 0 && { contextSize }),
    };
  }

  private async track(job: PumpedJob): Promise<void> {
    const begun = performance.now();
    this.used = true;
    this.lastUsed = Date.now();
    this.running.add(job);
    try {
      await this.options.run(job, this);
      this.rate.note(performance.now() - begun);
    } finally {
      this.running.delete(job);
      this.lastUsed = Date.now();
    }
  }
}
