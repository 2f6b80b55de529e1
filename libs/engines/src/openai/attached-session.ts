import type { RemoteEndpoint } from '../endpoint.js';
import { EngineConnectionError, type EngineCall, type EngineResponse } from '../engine-client.js';
import { EngineSession, type EngineExit } from '../engine.js';
import { callAttached } from './call-attached.js';
import type { Reachability } from './reachability.js';

export interface AttachedSessionOptions {
  readonly slots: number;
  readonly endpoint: RemoteEndpoint;
  /** The name over there. */
  readonly model: string;
  readonly reachability: Reachability;
}

/** One model of a server that somebody else runs. */
export class AttachedSession extends EngineSession {
  readonly slots: number;
  readonly endpoint: RemoteEndpoint;
  readonly pid = -1;
  readonly exited: Promise<EngineExit>;
  readonly #model: string;
  readonly #inFlight = new Set<AbortController>();
  #endedBecause: Error | undefined;
  readonly #end: (reason: string) => void;

  constructor({ slots, endpoint, model, reachability }: AttachedSessionOptions) {
    super();
    this.slots = slots;
    this.endpoint = endpoint;
    this.#model = model;
    let resolve: (exit: EngineExit) => void = () => undefined;
    this.exited = new Promise<EngineExit>((settle) => {
      resolve = settle;
    });
    const unwatch = reachability.watch({
      listed: (models) => {
        if (!models.includes(model))
          this.#end(`The server at ${endpoint.url} has no model ${model} any more.`);
      },
      gone: (reason) => this.#end(reason),
    });
    this.#end = (reason) => {
      unwatch();
      resolve({ code: null, signal: null, reason });
      this.#endedBecause ??= new EngineConnectionError(`The engine did not answer: ${reason}`);
      for (const request of this.#inFlight) request.abort(this.#endedBecause);
    };
  }

  override async call(call: EngineCall): Promise<EngineResponse> {
    if (this.#endedBecause !== undefined) throw this.#endedBecause;
    const request = new AbortController();
    const hangUp = (): void => request.abort(call.signal.reason);
    const done = (): void => {
      this.#inFlight.delete(request);
      call.signal.removeEventListener('abort', hangUp);
    };
    call.signal.throwIfAborted();
    call.signal.addEventListener('abort', hangUp, { once: true });
    this.#inFlight.add(request);
    try {
      const response = await callAttached(this.endpoint, this.#model, { ...call, signal: request.signal });
      response.body.once('close', done);
      return response;
    } catch (error) {
      done();
      throw error;
    }
  }

  /** Detaches. The server goes on; it sees the requests in flight being given up. */
  async stop(): Promise<void> {
    this.#end('stopped');
    await this.exited;
  }
}
