import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder } from '#testing';
import { checkHealth } from './check-health.js';

describe('checkHealth', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });

  const serve = async (listener: RequestListener): Promise<number> => {
    server = createServer(listener).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return (server.address() as AddressInfo).port;
  };

  it('finds nothing wrong with a process that says it is well, and asks the one that listens everywhere at the loopback', async () => {
    const asked: (string | undefined)[] = [];
    const port = await serve(({ url }, response) => {
      asked.push(url);
      response.end('{}');
    });
    expect(await checkHealth({ host: '0.0.0.0', port, path: '/health/live' }, 5_000)).toBeUndefined();
    expect(asked).toEqual(['/health/live']);
  });

  it('repeats what a process says is wrong', async () => {
    const port = await serve((_, response) => response.writeHead(503).end('{"problem":"no Redis"}'));
    expect(await checkHealth({ host: '127.0.0.1', port, path: '/' }, 5_000)).toBe(
      `http://127.0.0.1:${port}/ answered 503: {"problem":"no Redis"}`,
    );
  });

  it('says why a process could not be asked', async () => {
    const port = await serve(() => undefined);
    expect(await checkHealth({ host: '127.0.0.1', port, path: '/' }, 50)).toMatch(
      /did not answer: .*timeout/,
    );
    server?.closeAllConnections();
    server?.close();
    expect(await checkHealth({ host: '127.0.0.1', port, path: '/' }, 5_000)).toMatch(/ECONNREFUSED/);
    expect(await checkHealth({ host: '127.0.0.1', port: 0, path: '/' }, 5_000)).toMatch(/fixed one/);
  });

  it('asks a process where it listens, be that a socket', async () => {
    const folder = await makeTemporaryFolder('health');
    const socket = join(folder.path, 'socket');
    const address = { host: '127.0.0.1', port: 1, socket, path: '/health/live' };
    try {
      server = createServer((_, response) => response.end('{}')).listen(socket);
      await once(server, 'listening');
      expect(await checkHealth(address, 5_000)).toBeUndefined();
      server.close();
      await once(server, 'close');
      expect(await checkHealth(address, 5_000)).toMatch(/socket \(\/health\/live\) did not answer: .*ENOENT/);
    } finally {
      await folder.remove();
    }
  });
});
