import { connect, createServer, type Server, type Socket } from 'node:net';

export interface CuttingProxyOptions {
  /** Where the real server listens; 127.0.0.1 by default. */
  readonly host?: string;
  readonly port: number;
}

/** A TCP proxy in front of one server, whose network can be cut. It begins healed. Lives in this process. */
export interface CuttingProxy {
  /** Of 127.0.0.1; stays the same until `stop`. */
  readonly port: number;
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  /** Connections to here that are open now. */
  readonly connections: number;
  /** Resets all connections and refuses new ones. */
  cut(): Promise<void>;
  /** A black hole: connections stay, new ones are accepted, and nothing passes in either direction. */
  freeze(): Promise<void>;
  /** Accepts again; what a freeze held back goes on its way, in order. */
  heal(): Promise<void>;
  /** Resets all connections and lets go of the port. May be called again. */
  stop(): Promise<void>;
}

/** One client and its connection to the server. */
interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

/** Resolves when it listens; the server behind need not be there yet. */
export async function startCuttingProxy(options: CuttingProxyOptions): Promise<CuttingProxy> {
  const { host = '127.0.0.1', port: target } = options;
  const pairs = new Set<Pair>();
  let frozen = false;
  const server = createServer({ pauseOnConnect: true, allowHalfOpen: true }, (near) => {
    const pair = { near, far: connect({ host, port: target, allowHalfOpen: true }) };
    pairs.add(pair);
    linkEnds(pair, () => pairs.delete(pair));
    if (!frozen) join(pair);
  });
  const port = await listen(server, 0);
  const cut = async (): Promise<void> => {
    frozen = false;
    const closed = close(server);
    for (const pair of pairs) reset(pair);
    await closed;
  };
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    get connections() {
      return pairs.size;
    },
    cut,
    stop: cut,
    async freeze() {
      frozen = true;
      for (const pair of pairs) part(pair);
      if (!server.listening) await listen(server, port);
    },
    async heal() {
      frozen = false;
      for (const pair of pairs) join(pair);
      if (!server.listening) await listen(server, port);
    },
  };
}

/** Both ends live and die together. One that has said all lets the other say all, too. */
function linkEnds({ near, far }: Pair, onClose: () => void): void {
  for (const [socket, other] of [
    [near, far],
    [far, near],
  ] as const) {
    socket.setNoDelay(true);
    socket.on('error', () => reset({ near, far }));
    socket.once('close', () => {
      if (socket.readableEnded) other.destroySoon();
      else reset({ near, far });
      if (other.destroyed) onClose();
    });
  }
}

function join({ near, far }: Pair): void {
  part({ near, far });
  near.pipe(far);
  far.pipe(near);
}

function part({ near, far }: Pair): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.unpipe(to);
    from.pause();
  }
}

function reset({ near, far }: Pair): void {
  for (const socket of [near, far]) {
    if (socket.connecting) socket.destroy();
    else if (!socket.destroyed) socket.resetAndDestroy();
  }
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return address.port;
}

async function close(server: Server): Promise<void> {
  if (server.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
}
