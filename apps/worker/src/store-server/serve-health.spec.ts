import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serveHealth } from './serve-health.js';

describe('what a worker tells those who look after processes', () => {
  let server: Server;
  let problems: string[];
  beforeEach(async () => {
    problems = [];
    server = createServer((request, response) => {
      if (!serveHealth(request, response, () => problems)) response.writeHead(404).end();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const ask = async (path: string, method = 'GET'): Promise<{ status: number; body: string }> => {
    const { port } = server.address() as AddressInfo;
    const answer = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    return { status: answer.status, body: await answer.text() };
  };

  it('is alive whatever keeps it from taking jobs', async () => {
    problems.push('Redis cannot be reached.');
    expect(await ask('/health/live')).toEqual({ status: 200, body: '{"status":"ok"}' });
  });

  it('is ready when nothing keeps it from taking jobs, else says what does', async () => {
    expect(await ask('/health/ready')).toEqual({ status: 200, body: '{"status":"ok"}' });
    problems.push('The worker is stopping.');
    const { status, body } = await ask('/health/ready');
    expect(status).toBe(503);
    expect(JSON.parse(body)).toEqual({ status: 'error', problems: ['The worker is stopping.'] });
  });

  it('leaves everything else to others', async () => {
    expect((await ask('/health/live', 'POST')).status).toBe(404);
    expect((await ask('/health')).status).toBe(404);
  });
});
