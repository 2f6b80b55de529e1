import { connect, createServer, type Socket } from 'node:net';

/** One address in front of several servers. Lives in this process. */
export interface Balancer {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/** Hands each connection to the first server that takes it; a connection breaks when its server does. */
export async function startBalancer(urls: readonly string[]): Promise<Balancer> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    sockets.add(near);
    near.on('close', () => sockets.delete(near));
    near.on('error', () => near.destroy());
    join(near, urls);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has no port.');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function join(near: Socket, [url, ...others]: readonly string[]): void {
  if (url === undefined) return void near.destroy();
  const { hostname, port } = new URL(url);
  const far = connect({ host: hostname, port: Number(port) });
  let joined = false;
  far.on('error', () => (joined ? near.destroy() : join(near, others)));
  far.once('connect', () => {
    joined = true;
    near.pipe(far);
    far.pipe(near);
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
}
