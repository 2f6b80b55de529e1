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
    await exchange(options);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new LaunchProblem(
      `Redis at ${place} cannot be reached (${code}). Start it, correct the URL, or leave LONGSHORE_REDIS_URL and --redis out to get a private one.`,
    );
  }
}

/** @throws LaunchProblem when the text is no Redis URL */
export function readRedisUrl(url: string): { options: NetConnectOpts; place: string } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === 'unix:') return { options: { path: parsed.pathname }, place: parsed.pathname };
  if (parsed && ['redis:', 'rediss:'].includes(parsed.protocol) && parsed.hostname !== '') {
    const host = parsed.hostname.replace(/^\[|\]$/g, '');
    const port = Number(parsed.port || 6379);
    return { options: { host, port }, place: `${parsed.hostname}:${port}` };
  }
  throw new LaunchProblem(
    'The Redis URL must look like redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH/TO.sock.',
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
