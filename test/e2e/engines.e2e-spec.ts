import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, openRequest, type OpenResponse, requestJson, syntheticEnginePath } from '#testing';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster(async () => ({
  gateways: 2,
  workers: 2,
  engine: 'synthetic',
  gatewayEnvironment: { LONGSHORE_RECORD_REQUESTS: '5' },
  workerEnvironment: { LLAMA_SERVER_PATH: await syntheticEnginePath({ loadMs: 500 }) },
}));

interface Running {
  readonly backend_name: string;
  readonly model_name: string;
  readonly mode: string;
  readonly keep_alive?: string;
  readonly workers: readonly string[];
}

let model = '';
let id = '';
beforeAll(async () => {
  ({ reference: model, id } = await shared.pulled('scripted'));
});

const url = (path: string, gateway = 0): string => `${shared.cluster.gateway(gateway).url}${path}`;

async function ask(
  path: string,
  body?: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<[number, string]> {
  const response = await openRequest({ url: url(path), headers, ...(body === undefined ? {} : { body }) });
  return [response.status, (await response.whole()).toString('utf8')];
}

async function json<T>(path: string, gateway = 0): Promise<T> {
  return (await requestJson({ url: url(path, gateway) })).json as T;
}

const running = (gateway = 0): Promise<Running[]> => json<Running[]>('/engines/ps', gateway);
const unloadAll = (): Promise<[number, string]> => ask('/engines/unload', { all: true });
const chat = (body: object = {}): Promise<[number, string]> =>
  ask('/engines/v1/chat/completions', {
    model,
    messages: [{ role: 'user', content: 'Hi' }],
    max_tokens: 3,
    ...body,
  });

describe('the engines of a cluster', () => {
  it('load a model ahead and end it again, and every gateway shows it', async () => {
    await unloadAll();
    expect(await ask('/v1/chat/completions', { model }, { 'x-preload-only': 'true' })).toEqual([200, '']);
    const [held, ...others] = await running();
    expect(others).toEqual([]);
    expect(held).toMatchObject({ backend_name: 'llama.cpp', mode: 'completion' });
    await eventually(async () => (await running(1)).length === 1);
    expect(await ask('/engines/unload', { models: [model] })).toEqual([200, '{"unloaded_runners":1}']);
    await eventually(
      () => running(),
      (left) => left.length === 0,
      { what: 'the session to be gone' },
    );
    expect((await json<Record<string, string>>('/engines/status'))['llama.cpp']).toMatch(
      /^Running: llama\.cpp/,
    );
  });

  it('run a model as it was configured, in its mode, on whichever gateway that was', async () => {
    await unloadAll();
    const body = { model, mode: 'embedding', keep_alive: '1h', 'context-size': 256 };
    expect(await ask('/engines/_configure', body)).toEqual([202, '']);
    const loaded = await eventually(async () => {
      const [one] = await running(1);
      return one?.mode === 'embedding' && one.keep_alive !== undefined ? one : undefined;
    });
    expect(loaded?.keep_alive).toBe('1h0m0s');
    expect(await json('/engines/_configure', 1)).toMatchObject([
      { Backend: 'llama.cpp', ModelID: id, Mode: 'embedding', Config: { keep_alive: '1h0m0s' } },
    ]);
    expect((await unloadAll())[0]).toBe(200);
    expect(await json('/engines/_configure', 1)).toEqual([]);
  });

  it('refuse flags that the engine may not be given, and change nothing', async () => {
    const [status, text] = await ask('/engines/_configure', { model, 'runtime-flags': ['--log-file', 'x'] });
    expect([status, text]).toEqual([400, expect.stringMatching(/^invalid request: .*--log-file/)]);
    expect(await json('/engines/_configure')).toEqual([]);
  });

  it('show what was asked and answered, on every gateway, and as it comes', async () => {
    const stream: OpenResponse = await openRequest({
      url: url('/engines/requests', 1),
      headers: { accept: 'text/event-stream' },
    });
    const heard = (): string => stream.received().toString('utf8');
    await eventually(() => heard().includes('event: connected'));
    expect((await chat({ stream: true }))[0]).toBe(200);
    await eventually(() => heard().includes('event: new_request'));
    stream.hangUp();
    const [group] = await json<{ records: Record<string, string>[] }[]>(`/engines/requests?model=${id}`, 1);
    expect(JSON.parse(group?.records.at(-1)?.['response'] ?? '')).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { role: 'assistant' } }],
    });
  });

  it('have one log with the lines of all workers and of this gateway', async () => {
    const [status, text] = await ask('/logs');
    expect(status).toBe(200);
    for (const process of ['worker=worker-1', 'worker=worker-2', 'process=gateway'])
      expect(text).toMatch(new RegExp(`^\\[\\d{4}-[^\\]]+Z\\] level=info .*${process}`, 'm'));
    const followed = await openRequest({ url: url('/logs?follow=true') });
    await unloadAll();
    await ask('/v1/chat/completions', { model }, { 'x-preload-only': 'true' });
    await eventually(() => followed.received().toString('utf8').split('Loaded a model').length > 2);
    followed.hangUp();
  });

  it('show their metrics with where they are from, once described', async () => {
    await chat();
    const [, text] = await ask('/metrics');
    expect(text).toMatch(
      /^llamacpp:tokens_predicted_total\{worker="worker-\d",variant="cpu",backend="llama\.cpp",model="[^"]+scripted[^"]*",mode="completion"\} \d+$/m,
    );
    expect(text.split('# TYPE llamacpp:tokens_predicted_total counter')).toHaveLength(2);
    expect(text).toContain('longshore_unanswered_scrapes_total 0');
  });
});
