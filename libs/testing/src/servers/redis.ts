import { makeTemporaryFolder } from '../temporary-folder.js';
import { ChildServerError, startChildServer, type ChildServer } from './child-server.js';
import { findFreePort } from './free-port.js';

export interface RedisOptions {
  /** Keeps data over `kill` and `restart`; off by default. */
  readonly appendOnly?: boolean;
  /** Further command line arguments, for example `['--maxmemory', '10mb']`. */
  readonly arguments?: readonly string[];
}

/** A real Redis of our own on a free loopback port. It dies with this process, also after SIGKILL (on Linux). */
export interface RedisFixture {
  /** Stays the same over restarts. */
  readonly url: string;
  readonly port: number;
  /** The process that runs now or ran last. */
  readonly pid: number;
  /** Ends the server as a crash would, with SIGKILL; gone on return. */
  kill(): Promise<void>;
  /** Starts it again on the same port and folder; a server that still runs is asked to end first. */
  restart(): Promise<void>;
  /** Ends the server and removes its folder. May be called again. */
  stop(): Promise<void>;
}

const ATTEMPTS = 10;

/** @throws ChildServerError when redis-server is missing or does not start */
export async function startRedis(options: RedisOptions = {}): Promise<RedisFixture> {
  const folder = await makeTemporaryFolder('redis');
  try {
    const { port, server } = await startOnFreePort(folder.path, options);
    return fixture(port, server, {
      start: () => startOnPort(folder.path, port, options),
      removeFolder: () => folder.remove(),
    });
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

function fixture(
  port: number,
  first: ChildServer,
  effects: { readonly start: () => Promise<ChildServer>; readonly removeFolder: () => Promise<void> },
): RedisFixture {
  let server = first;
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    get pid() {
      return server.pid;
    },
    kill: () => server.end('SIGKILL'),
    async restart() {
      await server.end('SIGTERM');
      server = await effects.start();
    },
    async stop() {
      await server.end('SIGKILL');
      await effects.removeFolder();
    },
  };
}

async function startOnFreePort(
  directory: string,
  options: RedisOptions,
): Promise<{ readonly port: number; readonly server: ChildServer }> {
  for (let attempt = 1; ; attempt++) {
    const port = await findFreePort();
    try {
      return { port, server: await startOnPort(directory, port, options) };
    } catch (error) {
      const taken = error instanceof ChildServerError && /address already in use/i.test(error.output);
      if (!taken || attempt === ATTEMPTS) throw error;
    }
  }
}

function startOnPort(directory: string, port: number, options: RedisOptions): Promise<ChildServer> {
  return startChildServer({
    command: 'redis-server',
    arguments: [...settings(directory, port, options), ...(options.arguments ?? [])],
    directory,
    ready: /Ready to accept connections/,
    missing: 'redis-server is not installed; on Debian and Ubuntu "apt-get install redis-server" brings it.',
  });
}

function settings(directory: string, port: number, { appendOnly = false }: RedisOptions): readonly string[] {
  const values = {
    bind: '127.0.0.1',
    port: String(port),
    dir: directory,
    save: '',
    appendonly: appendOnly ? 'yes' : 'no',
    daemonize: 'no',
    logfile: '',
  };
  return Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);
}
