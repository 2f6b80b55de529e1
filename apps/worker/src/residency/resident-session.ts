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

/** One engine process with the pump that feeds it. */
export class ResidentSession implements AnsweringSession {
  state: SessionState = 'ready';
  lastUsed: number;
  private readonly pump: QueuePump;

  constructor(
    readonly identity: SessionIdentity,
    private readonly engineName: EngineName,
    readonly engine: EngineSession,
    createPump: (run: (job: PumpedJob) => Promise<void>, slots: number) => QueuePump,
    run: (job: PumpedJob, session: AnsweringSession) => Promise<void>,
  ) {
    this.lastUsed = Date.now();
    this.pump = createPump(async (job) => {
      this.lastUsed = Date.now();
      await run(job, this);
      this.lastUsed = Date.now();
    }, engine.slots);
  }

  readonly call = (call: EngineCall): Promise<EngineResponse> => this.engine.call(call);

  get busy(): number {
    return this.pump.busy;
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
    const { modelId, mode } = this.identity;
    return {
      modelId,
      mode,
      engine: this.engineName,
      state: this.state,
      slots: this.engine.slots,
      busy: this.busy,
      lastUsed: this.lastUsed,
    };
  }
}
