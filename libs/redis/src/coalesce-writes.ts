import type { Duplex } from 'node:stream';

/** Commands given in one turn of the event loop leave in one system call; their order stays. */
export function coalesceWrites(socket: Duplex): void {
  const write = socket.write.bind(socket) as (...chunk: unknown[]) => boolean;
  let corked = false;
  socket.write = (...chunk: unknown[]): boolean => {
    if (!corked) {
      corked = true;
      socket.cork();
      setImmediate(() => {
        corked = false;
        socket.uncork();
      });
    }
    return write(...chunk);
  };
}
