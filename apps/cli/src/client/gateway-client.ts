import type { Readable } from 'node:stream';
import { readRelease } from '#config';
import type { Dispatcher } from 'undici';
import { CommandFailure, wrongUsage } from '../command-failure.js';
import { GatewayAnswer } from './gateway-answer.js';
import { answerFailure, connectionFailure } from './gateway-failure.js';
import type { GatewayTarget } from './gateway-target.js';
import { openDispatcher } from './open-dispatcher.js';

export interface GatewayRequest {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is; `headers` say what it is. */
  readonly body?: Readable | Buffer;
  /** Ends this request alone; the end of the command ends it as well. */
  readonly signal?: AbortSignal;
}

/**
 * The HTTP side of a cluster, through one of its gateways. An answer may take as long as it needs. Every method
 * @throws GatewayFailure when there is no answer or one of 400 and above
 * @throws DOMException named AbortError when its signal or that of the command aborts
 */
export class GatewayClient {
  private readonly dispatcher: Dispatcher;

  constructor(
    readonly target: GatewayTarget,
    private readonly signal: AbortSignal,
  ) {
    this.dispatcher = openDispatcher(target);
  }

  async getJson<T>(path: string, query: GatewayRequest['query'] = {}): Promise<T> {
    return (await this.send({ path, query })).json<T>();
  }

  async send(request: GatewayRequest): Promise<GatewayAnswer> {
    const { method = 'GET', path, query = {}, headers = {}, json, body } = request;
    const signal = request.signal ? AbortSignal.any([this.signal, request.signal]) : this.signal;
    const { origin, prefix, authorization } = this.target;
    const payload = json === undefined ? (body ?? null) : JSON.stringify(json);
    let answer: GatewayAnswer;
    try {
      const response = await this.dispatcher.request({
        origin,
        path: `${prefix}${path}${encodeQuery(query)}`,
        method,
        signal,
        body: payload,
        headers: {
          'user-agent': `longshore/${readRelease()}`,
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(authorization === undefined ? {} : { authorization }),
          ...headers,
        },
      });
      answer = new GatewayAnswer(response, this.target, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof CommandFailure) throw error;
      throw connectionFailure(error, this.target);
    }
    if (answer.status < 400) return answer;
    const contentType = answer.header('content-type') ?? '';
    const refusal = { status: answer.status, contentType, text: await answer.text() };
    throw answerFailure({ ...refusal, asked: `${method} ${path}` }, this.target);
  }

  /** Ends what is still under way. */
  async close(): Promise<void> {
    await this.dispatcher.destroy();
  }
}

/**
 * A model's name as a part of a path: slashes and colons stay.
 * @throws CommandFailure for what would be another path than that of a model
 */
export function pathOf(name: string): string {
  if (/^\/*$/.test(name) || name.split('/').some((part) => part === '.' || part === '..'))
    throw wrongUsage(`"${name}" is no name of a model.`);
  return encodeURIComponent(name).replaceAll('%2F', '/').replaceAll('%3A', ':').replaceAll('%40', '@');
}

function encodeQuery(query: NonNullable<GatewayRequest['query']>): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`;
}
