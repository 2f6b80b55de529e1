import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { Flight } from './flight.js';
import { PatientClient } from './patient-client.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const RECIPE = { name: 'r', weight: 1, path: '/v1/chat/completions', model: 'scripted', body: {} } as const;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
});

async function serve(handler: Handler): Promise<string> {
  const server = createServer(handler);
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function fly(stream: boolean, ...handlers: readonly Handler[]): Promise<Flight> {
  const urls = await Promise.all(handlers.map(serve));
  const models = { scripted: 'm', embedding: 'm' };
  const client = new PatientClient({ gateways: () => urls, random: () => 0.9, models });
  const flight = new Flight({ ...RECIPE, stream }, 'key-1', 0);
  await client.fly(flight);
  return flight;
}

/** Sends some of a stream and cuts the connection. */
const breakAfter =
  (text: string): Handler =>
  (_, response) => {
    response.writeHead(200, { 'x-longshore-request': 'gw-1.7' });
    response.write(text, () => setTimeout(() => response.destroy(), 20));
  };

describe('a patient client', () => {
  it('goes on with a broken stream through the other gateway, after the events it has', async () => {
    const asked: unknown[] = [];
    const flight = await fly(
      true,
      breakAfter(': queued\n\ndata: a\n\ndata: b\n\ndata: c'),
      (request, response) => {
        asked.push(request.method, request.url, request.headers['last-event-id']);
        response.end('id: 3\ndata: c\n\nid: 4\ndata: [DONE]\n\n');
      },
    );
    expect(asked).toEqual(['GET', '/v1/streams/key-1', '2']);
    expect(flight).toMatchObject({ end: 'finished', problem: undefined, resumes: 1, accepted: true });
    expect(flight.answer).toEqual(['data: a', 'data: b', 'data: c', 'data: [DONE]']);
  });

  it('takes the rest elsewhere when a gateway says that it stops, and believes any other error', async () => {
    const stopping = 'data: a\n\ndata: {"error":{"code":"shutting_down"}}\n\n';
    const rest: Handler = (_, response) => response.end('data: [DONE]\n\n');
    expect(await fly(true, breakAfter(stopping), rest)).toMatchObject({ end: 'finished' });
    const failed = stopping.replace('shutting_down', 'worker_lost');
    expect(await fly(true, breakAfter(failed), rest)).toMatchObject({
      end: 'lost',
      problem: expect.stringContaining('worker_lost'),
    });
  });

  it('is lost when nobody has the rest', async () => {
    const flight = await fly(true, breakAfter('data: a\n\n'), (_, response) =>
      response.writeHead(404).end('gone'),
    );
    expect(flight).toMatchObject({ end: 'lost', problem: 'was resumed and got status 404: gone' });
  });

  it('notices an event that comes twice after a break', async () => {
    const flight = await fly(true, breakAfter('data: a\n\n'), (_, response) =>
      response.end('id: 1\ndata: a\n\nid: 2\ndata: [DONE]\n\n'),
    );
    expect(flight.problem).toBe('called its event number 2 1');
    expect(flight.answer).toEqual(['data: a', 'data: a', 'data: [DONE]']);
  });

  it('repeats what is not streamed with the same key, and comes again when it is told to', async () => {
    const keys: unknown[] = [];
    const flight = await fly(
      false,
      (request) => {
        keys.push(request.headers['idempotency-key']);
        request.socket.destroy();
      },
      (request, response) => {
        keys.push(request.headers['idempotency-key']);
        if (keys.length < 4) response.writeHead(503, { 'retry-after': '0' }).end();
        else response.end('{}');
      },
    );
    expect(keys).toEqual(['key-1', 'key-1', 'key-1', 'key-1']);
    expect(flight).toMatchObject({ end: 'finished', refusals: 1, text: '{}' });
  });
});
