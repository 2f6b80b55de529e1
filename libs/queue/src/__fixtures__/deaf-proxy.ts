import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A TCP proxy whose connections can go deaf one by one: what was open before stays open and silent for ever, as behind a
 * firewall that forgot it.
 */
export interface DeafProxy {
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  /** All connections there are go silent; new ones are accepted and silent too, until `hear`. */
  deafen(): void;
  /** New connections work. Those that went deaf stay so. */
  hear(): void;
  stop(): Promise<void>;
}

export async function startDeafProxy(port: number): Promise<DeafProxy> {
  const sockets = new Set<Socket>();
  let deaf = false;
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };
  const server = createServer((near) => {
    keep(near);
    if (deaf) return void near.resume();
    const far = connect(port, '127.0.0.1');
    keep(far);
    near.pipe(far);
    far.pipe(near);
    near.once('close', () => far.destroy());
    far.once('close', () => near.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deafen() {
      deaf = true;
      for (const socket of sockets) socket.unpipe().resume();
    },
    hear: () => void (deaf = false),
    async stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
