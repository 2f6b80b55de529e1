import { type IncomingMessage, request } from 'node:http';

/** Where a process of this machine answers questions about its health. */
export interface HealthAddress {
  /** What it listens on; one of all addresses is asked at the loopback. */
  readonly host: string;
  readonly port: number;
  readonly path: string;
  /** Unix socket that it listens on instead; empty = none. */
  readonly socket?: string;
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

/** Characters of an answer that are repeated. */
const MOST_TOLD = 500;

/**
 * Asks a process how it is, for the health checks of containers. Never throws.
 * @param timeout ms
 * @returns undefined when it is well, else a sentence that says what is wrong
 */
export async function checkHealth(address: HealthAddress, timeout: number): Promise<string | undefined> {
  const { port, path, socket = '' } = address;
  if (port === 0 && socket === '')
    return 'A process on a port of its own choice cannot be asked; give it a fixed one.';
  const host = LOOPBACK[address.host] ?? address.host;
  const place =
    socket === ''
      ? `http://${host.includes(':') ? `[${host}]` : host}:${port}${path}`
      : `${socket} (${path})`;
  try {
    const where = socket === '' ? { host, port } : { socketPath: socket };
    const { status, text } = await ask({ ...where, path, signal: AbortSignal.timeout(timeout) });
    return status === 200 ? undefined : `${place} answered ${status}: ${text.slice(0, MOST_TOLD)}`;
  } catch (error) {
    const { cause = error } = error as Error;
    return `${place} did not answer: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

async function ask(options: object): Promise<{ readonly status: number | undefined; readonly text: string }> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request({ ...options, agent: false }, resolve)
      .on('error', reject)
      .end();
  });
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { status: answer.statusCode, text };
}
