import type { LocalEndpoint } from '../endpoint.js';
import { callEngine, type EngineCall, type EngineResponse } from '../engine-client.js';
import { EngineSession, type EngineExit } from '../engine.js';
import { type AskForLife, askRoute, type LifeSign } from '../life-sign.js';
import type { EngineProcess } from './engine-process.js';
import { type ProcessPulse, pulseOf } from './process-pulse.js';

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
  /** For an engine whose work can be asked after. */
  readonly lifeSign?: AskForLife;
}

/** One engine process behind one unix socket or one port of this machine. */
export class ProcessSession extends EngineSession {
  readonly slots: number;
  readonly endpoint: LocalEndpoint;
  readonly #process: EngineProcess;
  readonly #send: NonNullable<ProcessSessionTraits['send']>;
  readonly #goOn: ProcessSessionTraits['goOn'];
  readonly #lifeSign: AskForLife;

  constructor(options: ProcessSessionOptions) {
    const { slots, engineProcess, send = callEngine, goOn, lifeSign = askForHealth, ...endpoint } = options;
    super();
    this.slots = slots;
    this.endpoint = endpoint;
    this.#process = engineProcess;
    this.#send = send;
    this.#goOn = goOn;
    this.#lifeSign = lifeSign;
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

  override lifeSign(signal: AbortSignal): Promise<LifeSign> {
    return this.#lifeSign(this.endpoint, signal);
  }

  override pulse(): Promise<ProcessPulse | undefined> {
    return pulseOf(this.pid);
  }

  override kill(why: string): void {
    this.#process.kill(why);
  }

  stop(graceMs: number): Promise<void> {
    return this.#process.stop(graceMs);
  }
}

/** Most engines answer this beside their work. */
const askForHealth = askRoute('/health', 'listening');
