import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { callEngine, EngineConnectionError } from './engine-client.js';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n';

let folder: TemporaryFolder;
let socketPath: string;
let server: Server | undefined;
const sockets = new Set<Socket>();

/** Serves raw sockets; `serve` gets the number of the connection, from 1, and what came first of the request. */
async function listen(serve: (socket: Socket, number: number, first: Buffer) => void): Promise<void> {
  let number = 0;
  server = createServer((socket) => {
    sockets.add(socket);
    number += 1;
    const mine = number;
    socket.on('error', () => undefined);
    socket.once('data', (first) => serve(socket, mine, first));
  });
  await new Promise<void>((resolve) => server?.listen(socketPath, resolve));
}

beforeEach(async () => {
  folder = await makeTemporaryFolder('client');
  socketPath = join(folder.path, 'engine.sock');
});

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  server = undefined;
  await folder.remove();
});

const call = (signal = new AbortController().signal) =>
  callEngine({ socketPath }, { route: '/v1/chat/completions', body: '{}', signal });

describe('callEngine', () => {
  it('says that the connection is for one request, and names no port that is no port', async () => {
    let asked = '';
    await listen((socket, _, first) => {
      asked = first.toString();
      socket.end(`${HEAD}data: x\n\n`);
    });
    await (await call()).body.toArray();
    expect(asked).toMatch(/^Connection: close\r$/m);
    expect(asked).toMatch(/^Host: localhost\r$/m);
  });

  it('tells of bytes as they come, also while nobody reads the answer', async () => {
    let engine: Socket | undefined;
    await listen((socket) => {
      engine = socket;
      socket.write(HEAD);
    });
    let heard = 0;
    const onBytes = (): void => void (heard += 1);
    const { signal } = new AbortController();
    const answer = await callEngine({ socketPath }, { route: '/v1/chat/completions', signal, onBytes });
    await expect.poll(() => heard).toBe(1);
    engine?.write('data: 1\n\n');
    await expect.poll(() => heard).toBe(2);
    engine?.end('data: 2\n\n');
    expect((await answer.body.setEncoding('utf8').toArray()).join('')).toBe('data: 1\n\ndata: 2\n\n');
  });

  it('asks once more when the engine closes the connection before the first byte', async () => {
    let served = 0;
    await listen((socket, number) => {
      served = number;
      if (number === 1) socket.destroy();
      else socket.end(`${HEAD}data: x\n\n`);
    });
    const response = await call();
    expect(response.status).toBe(200);
    expect(await response.body.setEncoding('utf8').toArray()).toEqual(['data: x\n\n']);
    expect(served).toBe(2);
  });

  it('gives up after the second failure', async () => {
    let served = 0;
    await listen((socket, number) => {
      served = number;
      socket.destroy();
    });
    await expect(call()).rejects.toThrow(EngineConnectionError);
    expect(served).toBe(2);
  });

  it('says that the engine did not answer when nobody listens', async () => {
    await expect(call()).rejects.toThrow('The engine did not answer (ENOENT).');
  });

  it('does not repeat a request whose answer broke off, and tells the reader', async () => {
    let served = 0;
    await listen((socket, number) => {
      served = number;
      socket.write(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n`, () =>
        socket.destroy(),
      );
    });
    const response = await call();
    await expect(response.body.toArray()).rejects.toThrow('aborted');
    expect(served).toBe(1);
  });

  it('closes the connection at once when aborted before the answer', async () => {
    let asked = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (asked = resolve));
    const closed = new Promise<void>((resolve) => {
      void listen((socket) => {
        socket.once('close', () => resolve());
        asked();
      });
    });
    const controller = new AbortController();
    const pending = call(controller.signal);
    await arrived;
    controller.abort(new Error('the client went away'));
    await expect(pending).rejects.toThrow('the client went away');
    await closed;
  });

  it('closes the connection at once when aborted during the answer', async () => {
    const closed = new Promise<void>((resolve) => {
      void listen((socket) => {
        socket.write(`${HEAD}data: x\n\n`);
        socket.once('close', () => resolve());
      });
    });
    const controller = new AbortController();
    const response = await call(controller.signal);
    setTimeout(() => controller.abort(new Error('the client went away')), 10);
    await expect(response.body.toArray()).rejects.toThrow('the client went away');
    await closed;
  });

  it('holds the engine back while nobody reads', async () => {
    const piece = Buffer.alloc(64 * 1024, 'x');
    let written = 0;
    await listen((socket) => {
      socket.write(HEAD);
      const more = (): void => {
        while (written < 64 * 1024 * 1024 && socket.write(piece)) written += piece.length;
      };
      socket.on('drain', more);
      more();
    });
    const response = await call();
    await delay(200);
    expect(written).toBeLessThan(4 * 1024 * 1024);
    response.body.destroy();
  });
});
