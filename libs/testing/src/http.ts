import { type Agent, request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';

export interface HttpOptions {
  /** Absolute, or a path when `socketPath` is given. */
  readonly url: string;
  readonly socketPath?: string;
  /** POST when there is a body, else GET. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is a string, else as JSON. */
  readonly body?: unknown;
  /** Gives the request up, also before it is answered. */
  readonly signal?: AbortSignal;
  /** Keeps connections; absent = a connection of its own. */
  readonly agent?: Agent;
}

export interface Arrival {
  readonly bytes: Buffer;
  /** When it came, on the clock of `performance.now()`. */
  readonly at: number;
}

/** A response that is being received. */
export interface OpenResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** What has come so far; grows. */
  readonly arrivals: readonly Arrival[];
  /** All that has come so far. */
  received(): Buffer;
  /** All of the body. Rejects when the connection breaks before its end. */
  whole(): Promise<Buffer>;
  /** Stops reading, as a slow client does. */
  pause(): void;
  resume(): void;
  /** Destroys the connection. */
  hangUp(): void;
}

/** Sends a request and returns when the headers are there. It has no time limit. */
export async function openRequest(options: HttpOptions): Promise<OpenResponse> {
  const response = await send(options);
  const arrivals: Arrival[] = [];
  const end = new Promise<void>((resolve, reject) => {
    response.on('data', (bytes: Buffer) => arrivals.push({ bytes, at: performance.now() }));
    response.once('end', resolve);
    response.once('error', reject);
  });
  end.catch(() => undefined);
  const received = (): Buffer => Buffer.concat(arrivals.map(({ bytes }) => bytes));
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    arrivals,
    received,
    whole: async () => {
      await end;
      return received();
    },
    pause: () => void response.pause(),
    resume: () => void response.resume(),
    hangUp: () => void response.destroy(),
  };
}

/** Sends a request and reads the whole answer as JSON. */
export async function requestJson(
  options: HttpOptions,
): Promise<{ readonly status: number; readonly json: unknown }> {
  const response = await openRequest(options);
  const text = (await response.whole()).toString('utf8');
  try {
    return { status: response.status, json: JSON.parse(text) as unknown };
  } catch (cause) {
    throw new Error(`The answer, with status ${response.status}, is no JSON: ${text.slice(0, 200)}`, {
      cause,
    });
  }
}

function send({ url, socketPath, body, ...options }: HttpOptions): Promise<IncomingMessage> {
  const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const settings = {
    method: options.method ?? (payload === undefined ? 'GET' : 'POST'),
    headers: { ...(payload === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers },
    agent: options.agent ?? (false as const),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  } as const;
  return new Promise((resolve, reject) => {
    const outgoing =
      socketPath === undefined ? request(url, settings) : request({ ...settings, socketPath, path: url });
    outgoing.once('response', resolve);
    outgoing.once('error', reject);
    outgoing.end(payload);
  });
}
