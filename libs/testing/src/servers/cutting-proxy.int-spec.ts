import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../eventually.js';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.js';

/** Collects what a connection brings. */
class Client {
  received = Buffer.alloc(0);
  closed = false;

  constructor(readonly socket: Socket) {
    socket.on('data', (chunk) => (this.received = Buffer.concat([this.received, chunk])));
    socket.on('error', () => undefined);
    socket.once('close', () => (this.closed = true));
  }
}

describe('startCuttingProxy', () => {
  let echo: Server;
  let proxy: CuttingProxy;
  const arrived: Socket[] = [];

  beforeEach(async () => {
    echo = createServer((socket) => {
      arrived.push(socket);
      socket.on('error', () => undefined);
      socket.pipe(socket);
    });
    await new Promise<void>((resolve) => echo.listen(0, '127.0.0.1', resolve));
    proxy = await startCuttingProxy({ port: (echo.address() as AddressInfo).port });
  });
  afterEach(async () => {
    await proxy.stop();
    for (const socket of arrived.splice(0)) socket.destroy();
    await new Promise((resolve) => echo.close(resolve));
  });

  const open = async (): Promise<Client> => {
    const socket = connect(proxy.port, '127.0.0.1');
    await once(socket, 'connect');
    return new Client(socket);
  };

  it('passes every byte on in order, also more than its buffers hold', async () => {
    const client = await open();
    const sent = Buffer.alloc(8 * 1024 * 1024, 'cargo of every kind ');
    client.socket.end(sent);
    await eventually(() => client.closed);
    expect(client.received.equals(sent)).toBe(true);
    await eventually(() => proxy.connections === 0);
  });

  it('resets connections and refuses new ones while it is cut', async () => {
    const client = await open();
    await proxy.cut();
    await eventually(() => client.closed);
    await eventually(() => arrived.every(({ destroyed }) => destroyed));
    await expect(open()).rejects.toThrow('ECONNREFUSED');

    await proxy.heal();
    const again = await open();
    again.socket.write('hello');
    await eventually(() => again.received.toString() === 'hello');
  });

  it('is a black hole while it is frozen and lets what it held go when it heals', async () => {
    const before = await open();
    before.socket.write('one ');
    await eventually(() => before.received.toString() === 'one ');
    await proxy.freeze();
    before.socket.write('two ');
    const during = await open();
    during.socket.write('three');
    await sleep(150);
    expect([before.received.toString(), during.received.toString()]).toEqual(['one ', '']);
    expect([before.closed, during.closed]).toEqual([false, false]);

    await proxy.heal();
    before.socket.write('four');
    await eventually(() => before.received.toString() === 'one two four');
    await eventually(() => during.received.toString() === 'three');
  });

  it('freezes after a cut, and is cut after a freeze', async () => {
    await proxy.cut();
    await proxy.freeze();
    const client = await open();
    client.socket.write('lost');
    await proxy.cut();
    await eventually(() => client.closed);
    expect(client.received.toString()).toBe('');
  });

  it('closes the client when the server closes, and the other way round', async () => {
    const client = await open();
    client.socket.write('x');
    await eventually(() => client.received.length === 1);
    arrived[0]?.destroy();
    await eventually(() => client.closed);
    const leaving = await open();
    await eventually(() => arrived.length === 2);
    leaving.socket.destroy();
    expect(await eventually(() => arrived[1]?.destroyed)).toBe(true);
  });

  it('resets the client when the server is not there', async () => {
    const closed = new Promise((resolve) => echo.close(resolve));
    for (const socket of arrived) socket.destroy();
    await closed;
    const client = await open();
    expect(await eventually(() => client.closed)).toBe(true);
  });

  it('lets go of its port when it stops', async () => {
    await proxy.stop();
    await proxy.stop();
    await expect(open()).rejects.toThrow('ECONNREFUSED');
  });
});
