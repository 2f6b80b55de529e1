import { connect, type NetConnectOpts, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaunchProblem } from './launch-problem.js';

const ATTEMPT_TIMEOUT_MS = 2_000;
const POLL_MS = 20;

/** Resolves once the Redis on a unix socket answers PING; loading a large data folder may take minutes. */
export async function awaitRedis(socket: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const answer = await exchange({ path: socket }, 'PING\r\n').catch(() => '');
    if (answer.startsWith('+PONG')) return;
    await sleep(POLL_MS);
  }
  signal.throwIfAborted();
}

/** @throws LaunchProblem when nothing listens where the URL points; the message holds no password */
export async function requireRedis(url: string): Promise<void> {
  const { options, place } = readRedisUrl(url);
  try {
    await Promise.any(options.map((one) => exchange(one)));
  } catch (failure) {
    const [error] = (failure as AggregateError).errors as NodeJS.ErrnoException[];
    const code = error?.code ?? error?.message ?? 'no answer';
    throw new LaunchProblem(
      `Redis at ${place} cannot be reached (${code}). Start it, correct the URL, or leave LONGSHORE_REDIS_URL and --redis out to get a private one.`,
    );
  }
}

/**
 * Where a Redis, or any of its sentinels or nodes, should listen. What else the URL says is for the processes to read.
 * @throws LaunchProblem when the text is no Redis URL
 */
export function readRedisUrl(url: string): { options: readonly NetConnectOpts[]; place: string } {
  const [, socket] = /^unix:\/\/(\/[^?]+)/.exec(url) ?? [];
  if (socket !== undefined) return { options: [{ path: decodeURIComponent(socket) }], place: socket };
  const [, kind, hosts = ''] = /^rediss?(?:\+(sentinel|cluster))?:\/\/(?:[^@]*@)?([^/?#@]+)/.exec(url) ?? [];
  const options = hosts.split(',').map((host) => {
    const [, ipv6, name, port] = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(host) ?? [];
    return { host: ipv6 ?? name ?? '', port: Number(port ?? (kind === 'sentinel' ? 26379 : 6379)) };
  });
  if (options.every(({ host }) => host !== '') && (kind !== undefined || options.length === 1)) {
    const place = options.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`);
    return { options, place: place.join(', ') };
  }
  throw new LaunchProblem(
    'The Redis URL must look like redis://HOST:PORT, rediss://HOST:PORT, unix:///PATH/TO.sock, redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT.',
  );
}

/** Connects; with a `request`, also sends it and waits for the first bytes of the answer. */
async function exchange(options: NetConnectOpts, request?: string): Promise<string> {
  let socket: Socket | undefined;
  try {
    return await new Promise<string>((resolve, reject) => {
      socket = connect(options, () => (request === undefined ? resolve('') : socket?.write(request)));
      socket.setTimeout(ATTEMPT_TIMEOUT_MS, () => reject(new Error('no answer')));
      socket.once('data', (data) => resolve(data.toString('latin1')));
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('connection closed')));
    });
  } finally {
    socket?.destroy();
  }
}
