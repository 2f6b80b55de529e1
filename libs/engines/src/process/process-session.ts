import type { LocalEndpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { EngineSession, type EngineExit } from '../engine.js';
import type { EngineProcess } from './engine-process.js';

/** How to serve requests, and where. */
export type ProcessSessionOptions = LocalEndpoint & ProcessSessionTraits;

interface ProcessSessionTraits {
  readonly slots: number;
  /** Ready already. */
  readonly engineProcess: EngineProcess;
  /** For an engine that must be asked in a way of its own. */
  readonly send?: (endpoint: LocalEndpoint, call: EngineCall) => Promise<EngineResponse>;
  /** For an engine that can go on in the middle of an answer. */
  readonly goOn?: (endpoint: LocalEndpoint, call: EngineCall, delivered: Buffer) => Promise<EngineResponse>;
}

/** One engine process behind one unix socket or one port of this machine. */
export class ProcessSession extends EngineSession {
  readonly slots: number;
  readonly endpoint: LocalEndpoint;
  readonly #process: EngineProcess;
  readonly #send: NonNullable<ProcessSessionTraits['send']>;
  readonly #goOn: ProcessSessionTraits['goOn'];

  constructor({ slots, engineProcess, send = callEngine, goOn, ...endpoint }: ProcessSessionOptions) {
    super();
    this.slots = slots;
    this.endpoint = endpoint;
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
