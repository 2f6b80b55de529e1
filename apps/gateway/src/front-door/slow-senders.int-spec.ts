import { connect as connectPlain, type Socket } from 'node:net';
import { join } from 'node:path';
import { connect as connectSecurely } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { type FakeGateway, startFakeGateway } from '../__fakes__/start-fake-gateway.js';

/** Headers must be there within 10 s, which is looked at every 2 s; the rest is for a machine that has much to do. */
const HEADERS_LIMIT_MS = 25_000;

interface Ended {
  readonly afterMs: number;
  readonly text: string;
}

describe('clients that send a byte now and then', { timeout: 60_000 }, () => {
  let temporary: TemporaryFolder;
  let fake: FakeGateway;
  let onSocket: FakeGateway;

  beforeEach(async () => {
    temporary = await makeTemporaryFolder('slow');
    fake = await startFakeGateway({ tlsPort: 0, tlsFolder: join(temporary.path, 'tls') });
    onSocket = await startFakeGateway({ socket: join(temporary.path, 'g.sock') });
  });
  afterEach(async () => {
    await Promise.all([fake.gateway.stop(0), onSocket.gateway.stop(0)]);
    await temporary.remove();
  });

  /** Sends the start at once and then one byte a second, until the gateway ends the connection. */
  const drip = async (socket: Socket, start: string, ready: string): Promise<Ended> => {
    await new Promise((resolve) => socket.once(ready, resolve));
    const since = performance.now();
    const dripping = setInterval(() => socket.write('x'), 1_000);
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('error', () => undefined);
    if (start !== '') socket.write(start);
    await new Promise((resolve) => socket.once('close', resolve));
    clearInterval(dripping);
    return { afterMs: performance.now() - since, text };
  };

  it('lose their connection when the headers do not come, on each of the listeners', async () => {
    const { port = 0, tlsPort = 0 } = fake.addresses;
    const start = 'POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX-Long: ';
    const tls = { host: '127.0.0.1', port: tlsPort, rejectUnauthorized: false };
    const ended = await Promise.all([
      drip(connectPlain(port, '127.0.0.1'), start, 'connect'),
      drip(connectSecurely(tls), start, 'secureConnect'),
      drip(connectPlain(onSocket.addresses.socket ?? ''), start, 'connect'),
    ]);
    for (const { afterMs, text } of ended) {
      expect(afterMs).toBeLessThan(HEADERS_LIMIT_MS);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
    }
  });

  it('lose their connection when they say nothing at all, also before the handshake', async () => {
    const { port = 0, tlsPort = 0 } = fake.addresses;
    const silent = async (socket: Socket): Promise<number> => {
      const since = performance.now();
      socket.on('error', () => undefined).resume();
      await new Promise((resolve) => socket.once('close', resolve));
      return performance.now() - since;
    };
    const times = await Promise.all([
      silent(connectPlain(port, '127.0.0.1')),
      silent(connectPlain(tlsPort, '127.0.0.1')),
      silent(connectPlain(onSocket.addresses.socket ?? '')),
    ]);
    for (const time of times) expect(time).toBeLessThan(HEADERS_LIMIT_MS);
  });
});
