import { afterEach, describe, expect, it } from 'vitest';
import { runLongshore } from '../__fixtures__/run-longshore.js';
import {
  type Answer,
  json,
  type ScriptedServer,
  startScriptedServer,
  text,
} from '../__fixtures__/scripted-server.js';

let server: ScriptedServer;
afterEach(() => server.close());

const ask = (args: readonly string[]) => runLongshore(['--host', server.url, ...args]);
const serve = async (answers: Readonly<Record<string, Answer | readonly Answer[]>>): Promise<void> =>
  void (server = await startScriptedServer(answers));

const KEY = {
  id: 'key_1',
  name: 'chat page',
  scopes: ['inference'],
  models: ['ai/*'],
  requests_per_minute: 5,
  tokens_per_minute: null,
  created: 1_000,
  expires: null,
  last_used: null,
};

describe('keys', () => {
  it('are made as the options say, and the key stands alone on stdout', async () => {
    await serve({ 'POST /keys': json({ key: 'lsk_secret', ...KEY }, 201) });
    const options = ['--scope', 'inference', '--scope', 'models', '--model', 'ai/*', '--expires-in', '30d'];
    const made = await ask(['keys', 'create', 'chat page', '--requests-per-minute', '5', ...options]);
    expect(made).toEqual({
      code: 0,
      out: 'lsk_secret\n',
      error: 'This is the key key_1. Keep it: it cannot be shown again.\n',
    });
    expect(JSON.parse(server.asked[0]?.body ?? '')).toEqual({
      name: 'chat page',
      scopes: ['inference', 'models'],
      models: ['ai/*'],
      requests_per_minute: 5,
      expires_in: 2_592_000,
    });
  });

  it('cannot be made with a scope or a time that is none', async () => {
    await serve({});
    expect(await ask(['keys', 'create', 'x', '--scope', 'all'])).toMatchObject({ code: 2 });
    expect(await ask(['keys', 'create', 'x', '--expires-in', '0d'])).toMatchObject({ code: 2 });
    expect(server.asked).toEqual([]);
  });

  it('are listed without the keys themselves', async () => {
    await serve({ 'GET /keys': json({ object: 'list', data: [KEY] }) });
    expect((await ask(['keys', 'list'])).out).toMatch(
      /^ID .*\nkey_1 {2}chat page {2}inference {2}ai\/\* {4}5 requests\/min {2}\d+ years ago {2}never {4}never\n$/,
    );
    expect(JSON.parse((await ask(['keys', 'list', '--json'])).out)).toEqual([KEY]);
  });

  it('are revoked one by one, and one that is not there ends with 3', async () => {
    await serve({
      'DELETE /keys/key_1': json({ id: 'key_1', deleted: true }),
      'DELETE /keys/*': text(404, 'no such API key: key_2'),
    });
    expect(await ask(['keys', 'revoke', 'key_1', 'key_2'])).toEqual({
      code: 3,
      out: 'Revoked: key_1\n',
      error: 'no such API key: key_2\n',
    });
  });
});

describe('top', () => {
  const scrape = (tokens: number): Answer =>
    text(200, `longshore_redis_up 1\nlongshore_worker_output_events_total{worker="w",model="m"} ${tokens}\n`);

  it('without a terminal prints one view, with the rates between two scrapes', async () => {
    await serve({ 'GET /metrics': [scrape(0), scrape(1_000_000)], 'GET /engines/ps': json([]) });
    const { code, out } = await ask(['top', '--interval', '50ms']);
    expect(code).toBe(0);
    expect(out).toMatch(/^Longshore at http:\/\/127\.0\.0\.1:\d+: 0 workers/);
    expect(out).not.toContain('\u001b');
    expect(server.asked.map(({ url }) => url).toSorted()).toEqual([
      '/engines/ps',
      '/engines/ps',
      '/metrics',
      '/metrics',
    ]);
  });

  it('tells the same as JSON', async () => {
    await serve({ 'GET /metrics': [scrape(0), scrape(1_000)], 'GET /engines/ps': json([]) });
    const { tokens_per_second: tokens } = JSON.parse(
      (await ask(['top', '--json', '--interval', '50ms'])).out,
    ) as { tokens_per_second: number };
    expect(tokens).toBeGreaterThan(100);
    expect(tokens).toBeLessThanOrEqual(20_000);
  });
});
