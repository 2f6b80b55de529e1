import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, expect, it } from 'vitest';
import { limitBodyTime } from './body-deadline.js';

let server: Server;
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

/** A server that gives bodies this long, and a connection to it. */
async function start(timeoutMs: number): Promise<Socket> {
  server = createServer((request, response) => {
    limitBodyTime(request, server, timeoutMs);
    request.resume().once('end', () => response.end('whole'));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) =>
    socket.end(`late: ${error.code}`),
  );
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return connect((server.address() as AddressInfo).port, '127.0.0.1');
}

const HEAD = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nConnection: close\r\n\r\n';

it('a body that does not come is reported like a request that does not', async () => {
  const socket = await start(50);
  socket.write(`${HEAD}ab`);
  expect(await text(socket)).toBe('late: ERR_HTTP_REQUEST_TIMEOUT');
});

it('a body that is there has no deadline any more', async () => {
  const socket = await start(60_000);
  socket.write(`${HEAD}abcd`);
  expect(await text(socket)).toMatch(/whole/);
});
