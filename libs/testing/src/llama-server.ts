import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { isAlive } from './processes.js';
import { CACHE, REPOSITORY } from './repository.js';
import { ChildServerError, findProgram, startChildServer, type ChildServer } from './servers/child-server.js';

/** A llama-server of our own that was started without Longshore. Dies with this process on Linux. */
export interface LlamaServerFixture {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly pid: number;
  /** Ends it with SIGKILL; gone on return. May be called again. */
  stop(): Promise<void>;
}

export interface LlamaServerOptions {
  readonly model: string;
  /** Further command line arguments. */
  readonly arguments?: readonly string[];
}

/** The real llama-server of this machine: LLAMA_SERVER_PATH, else what `npm test` has installed, else the PATH's. */
export function findLlamaServer(): string | undefined {
  const configured = process.env['LLAMA_SERVER_PATH'];
  if (configured) return configured;
  const installed = join(CACHE, 'llama-server', 'current', 'llama-server');
  return existsSync(installed) ? installed : findProgram('llama-server');
}

/**
 * Starts a llama-server and returns when it has loaded its model.
 * @throws ChildServerError when there is none, or it ends while it loads
 */
export async function startLlamaServer(options: LlamaServerOptions): Promise<LlamaServerFixture> {
  const server = await startChildServer({
    command: findLlamaServer() ?? 'llama-server',
    arguments: [
      ...Object.entries({ '--model': options.model, '--host': '127.0.0.1', '--port': '0' }).flat(),
      '--offline',
      ...(options.arguments ?? []),
    ],
    directory: REPOSITORY,
    environment: { GGML_NO_BACKTRACE: '1' },
    ready: /listening on (http:\/\/127\.0\.0\.1:\d+)/,
    missing: 'There is no llama-server; "npm test" installs one, or set LLAMA_SERVER_PATH.',
  });
  const url = server.greeting[1] ?? '';
  await waitUntilLoaded(server, url);
  return { url, pid: server.pid, stop: () => server.end('SIGKILL') };
}

async function waitUntilLoaded(server: ChildServer, url: string): Promise<void> {
  const look = async (): Promise<'loaded' | 'ended' | 'loading'> => {
    if (!isAlive(server.pid)) return 'ended';
    return (await fetch(`${url}/health`)).status === 200 ? 'loaded' : 'loading';
  };
  const options = { within: 60_000, what: 'llama-server to load its model' };
  try {
    const state = await eventually(look, (seen) => seen !== 'loading', options);
    if (state === 'ended') throw new ChildServerError('llama-server ended while it loaded its model.', '');
  } catch (error) {
    await server.end('SIGKILL');
    throw error;
  }
}
