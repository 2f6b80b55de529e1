import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RecentLine } from '#observability';
import { eventually, openRequest, type OpenResponse } from '#testing';
import { FakeStoreServer, refuse } from '../../__fakes__/fake-store-server.js';
import { ask, fake, useGateway } from '../__fixtures__/use-gateway.js';

useGateway();

const NOON = Date.parse('2026-01-01T12:00:00.000Z');
const line = (time: number, text: string, engine = false): RecentLine => ({
  time: NOON + time,
  engine,
  text,
});
const ndjson = (lines: readonly RecentLine[]): string =>
  lines.map((one) => `${JSON.stringify(one)}\n`).join('');

let stores: FakeStoreServer[];
/** Those who follow, by worker. */
let followers: ServerResponse[];

beforeEach(async () => {
  stores = await Promise.all([FakeStoreServer.start(), FakeStoreServer.start()]);
  followers = [];
  fake.cluster.workers.alive = stores.map((store, index) => store.announcement(`w${index + 1}`, []));
});
afterEach(() => Promise.all(stores.map((store) => store.stop())));

/** What a worker has in its log. */
function keep(index: number, ...lines: readonly RecentLine[]): void {
  stores[index]?.answers.set('GET /v1/logs', ({ path }, response) => {
    response.writeHead(200).write(ndjson(lines));
    if (path === '/v1/logs?follow=true') {
      response.write('\n');
      followers[index] = response;
    } else {
      response.end();
    }
  });
}

const shown = (text: string): string[] => text.split('\n').filter((one) => one.startsWith('[2026-01-01T12:'));

describe('GET /logs', () => {
  beforeEach(() => {
    keep(0, line(1, 'first'), line(3, 'engine says', true), line(5, 'last'));
    keep(1, line(2, 'second'), line(4, 'fourth'));
  });

  it('shows the lines of all workers and their engines in the order of their times', async () => {
    const [status, text] = await ask('GET', '/logs');
    expect(status).toBe(200);
    expect(shown(text)).toEqual([
      '[2026-01-01T12:00:00.001Z] first',
      '[2026-01-01T12:00:00.002Z] second',
      '[2026-01-01T12:00:00.003Z] engine says',
      '[2026-01-01T12:00:00.004Z] fourth',
      '[2026-01-01T12:00:00.005Z] last',
    ]);
  });

  it('leaves out what engines print where nobody wants it', async () => {
    expect((await ask('GET', '/logs?no-engines=true'))[1]).not.toContain('engine says');
    expect((await ask('GET', '/logs?no-engines=false'))[1]).toContain('engine says');
  });

  it('has the lines of the gateway itself among them', async () => {
    fake.cluster.workers.alive = [];
    await ask('POST', '/v1/chat/completions', { body: { model: 'smollm2' } });
    fake.cluster.completions.respond = () => Promise.reject(new Error('a fault'));
    await ask('POST', '/v1/chat/completions', { body: { model: 'smollm2' } });
    const [, text] = await ask('GET', '/logs');
    expect(text).toMatch(/^\[\d{4}-[^\]]+Z\] level=error msg="a request failed unforeseen"/m);
  });

  it.each<[string, (response: ServerResponse) => void]>([
    ['refuses', (response) => refuse(response, 503, 'busy', 'Busy.')],
    ['does not answer', () => undefined],
    ['breaks off', (response) => void response.writeHead(200).write('{', () => response.destroy())],
  ])('says whose lines are missing when a worker %s', async (_what, reply) => {
    stores[1]?.answers.set('GET /v1/logs', (_call, response) => reply(response));
    const [status, text] = await ask('GET', '/logs');
    expect(status).toBe(200);
    expect(shown(text)).toHaveLength(3);
    expect(text).toMatch(/level=warn msg="The log of worker w2 is left out: .*" process=gateway\n/);
  });

  it.each([
    ['/logs?follow=maybe', 'invalid follow parameter'],
    ['/logs?no-engines=5', 'invalid no-engines parameter'],
    ['/logs?follow=true&follow=true', 'invalid follow parameter'],
  ])('refuses %s in plain text', async (path, words) => {
    const [status, text] = await ask('GET', path);
    expect([status, text]).toEqual([400, expect.stringContaining(words)]);
  });
});

describe('GET /logs?follow=true', () => {
  let response: OpenResponse;
  const text = (): string => response.received().toString('utf8');

  beforeEach(async () => {
    keep(0, line(1, 'first'), line(3, 'third'));
    keep(1, line(2, 'second', true));
    response = await openRequest({ url: `${fake.url}/logs?follow=true` });
    await eventually(() => shown(text()).length === 3);
  });
  afterEach(() => response.hangUp());

  it('goes on with the lines that come, of workers that come too', async () => {
    expect(shown(text()).map((one) => one.slice(27))).toEqual(['first', 'second', 'third']);
    followers[1]?.write(ndjson([line(10, 'news', true)]));
    await eventually(() => text().includes('.010Z] news\n'));
    const late = await FakeStoreServer.start();
    stores.push(late);
    keep(2, line(4, 'of the third'));
    fake.cluster.workers.alive = [...fake.cluster.workers.alive, late.announcement('w3', [])];
    await eventually(() => text().includes('.004Z] of the third\n'));
  });

  it('reads a log that broke off again from where it was', async () => {
    keep(0, line(3, 'third'), line(6, 'sixth'));
    followers[0]?.destroy();
    followers[1]?.end();
    await eventually(() => text().includes('.006Z] sixth\n'));
    expect(shown(text()).filter((one) => one.endsWith('third'))).toHaveLength(1);
  });

  it('hangs up on the workers when its reader is gone', async () => {
    const before = stores.map(({ hangUps }) => hangUps);
    response.hangUp();
    const after = (): boolean => stores.every(({ hangUps }, index) => hangUps > (before[index] ?? 0));
    expect(await eventually(after)).toBe(true);
  });

  it('does not hold up a gateway that stops', async () => {
    const began = performance.now();
    const whole = response.whole();
    expect(await fake.gateway.stop(10_000)).toBe(0);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect((await whole).length).toBeGreaterThan(0);
  });
});
