import type { Endpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { EngineSession, type EngineExit } from '../engine.js';
import type { EngineProcess } from './engine-process.js';

export interface ProcessSessionOptions {
  readonly slots: number;
  readonly socketPath: string;
  /** Ready already. */
  readonly engineProcess: EngineProcess;
  /** For an engine that must be asked in a way of its own. */
  readonly send?: (endpoint: Endpoint, call: EngineCall) => Promise<EngineResponse>;
  /** For an engine that can go on in the middle of an answer. */
  readonly goOn?: (endpoint: Endpoint, call: EngineCall, delivered: Buffer) => Promise<EngineResponse>;
}

/** One engine process behind one unix socket. */
export class ProcessSession extends EngineSession {
  readonly slots: number;
  readonly endpoint: { readonly socketPath: string };
  readonly #process: EngineProcess;
  readonly #send: NonNullable<ProcessSessionOptions['send']>;
  readonly #goOn: ProcessSessionOptions['goOn'];

  constructor({ slots, socketPath, engineProcess, send = callEngine, goOn }: ProcessSessionOptions) {
    super();
    this.slots = slots;
    this.endpoint = { socketPath };
    this.#process = engineProcess;
    this.#send = send;
    this.#goOn = goOn;
  }

  get pid(): number {
    return this.#process.pid;
  }

  get exited(): Promise<EngineExit> {
    return this.#process.exited;
  }

  override call(call: EngineCall): Promise<EngineResponse> {
    return this.#send(this.endpoint, call);
  }

  override resume(call: EngineCall, delivered: Buffer): Promise<EngineResponse> {
    return this.#goOn?.(this.endpoint, call, delivered) ?? super.resume(call, delivered);
  }

  stop(graceMs: number): Promise<void> {
    return this.#process.stop(graceMs);
  }
}
