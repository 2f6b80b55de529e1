import type { Dispatcher } from 'undici';
import { EXIT } from '../exit-codes.js';
import { connectionFailure, GatewayFailure } from './gateway-failure.js';
import type { GatewayTarget } from './gateway-target.js';
import { readEvents, type StreamPart } from './read-events.js';
import { readLines } from './read-lines.js';

/**
 * An answer of a gateway whose body is still to be read, once. Reading
 * @throws GatewayFailure when the connection breaks off
 * @throws DOMException named AbortError when the signal of the request aborts
 */
export class GatewayAnswer {
  constructor(
    private readonly response: Dispatcher.ResponseData,
    private readonly target: GatewayTarget,
    private readonly signal: AbortSignal,
  ) {}

  get status(): number {
    return this.response.statusCode;
  }

  /** @param name in lower case */
  header(name: string): string | undefined {
    const value = this.response.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  async *chunks(): AsyncGenerator<Uint8Array, void, void> {
    try {
      yield* this.response.body as AsyncIterable<Uint8Array>;
    } catch (error) {
      this.signal.throwIfAborted();
      throw connectionFailure(error, this.target);
    }
  }

  lines(): AsyncGenerator<string, void, void> {
    return readLines(this.chunks());
  }

  events(): AsyncGenerator<StreamPart, void, void> {
    return readEvents(this.chunks());
  }

  async text(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.chunks()) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  }

  async json<T>(): Promise<T> {
    const text = await this.text();
    try {
      return JSON.parse(text) as T;
    } catch {
      const message = `${this.target.shown} answered with something that is not JSON; is it a gateway of a cluster?`;
      throw new GatewayFailure(message, EXIT.failure, this.status, false);
    }
  }
}
