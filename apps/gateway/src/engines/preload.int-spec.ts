import { describe, expect, it } from 'vitest';
import { eventually } from '#testing';
import { worker } from '../__fakes__/fake-workers.js';
import { session } from './__fixtures__/session.js';
import { ask, fake, hold, restart, useGateway } from './__fixtures__/use-gateway.js';

useGateway();

describe('X-Preload-Only', () => {
  const preload = (path = '/v1/chat/completions', model = 'smollm2'): Promise<[number, string]> =>
    ask('POST', path, { body: { model, input: 'x' }, headers: { 'x-preload-only': 'true' } });
  const asked = (): Promise<unknown> => eventually(() => fake.cluster.queue.loads.length > 0);

  it('answers with nothing once a worker has the model, and runs nothing', async () => {
    const answers = [preload(), preload('/engines/llama.cpp/v1/completions'), preload('/responses')];
    await asked();
    hold(session());
    expect(await Promise.all(answers)).toEqual([
      [200, ''],
      [200, ''],
      [200, ''],
    ]);
    expect(fake.cluster.completions.requests).toEqual([]);
    expect(fake.cluster.queue.loads[0]?.job).toMatchObject({
      mode: 'completion',
      reference: 'docker.io/ai/smollm2:latest',
    });
  });

  it('loads in the mode of the route, and is told by the worker also when the session is gone again', async () => {
    const answer = preload('/v1/embeddings');
    await asked();
    expect(fake.cluster.queue.loads[0]?.job.mode).toBe('embedding');
    fake.cluster.loadNews.tell({ workerId: 'w1', stage: 'ready' });
    fake.cluster.loadNews.tell({ workerId: 'w1', stage: 'ready', mode: 'embedding' });
    expect(await answer).toEqual([200, '']);
  });

  it('says why the model cannot be loaded, in the dialect of the route', async () => {
    const answer = preload();
    await asked();
    const message = 'The file is damaged.';
    fake.cluster.loadNews.tell({ workerId: 'w1', stage: 'failed', code: 'load_failed', message });
    const [status, text] = await answer;
    expect(status).toBe(500);
    expect(JSON.parse(text)).toMatchObject({ error: { code: 'load_failed', message } });
  });

  it('waits for another worker that is at it when one has failed', async () => {
    const answer = preload();
    await asked();
    fake.cluster.workers.alive = [
      worker(),
      { ...worker(), workerId: 'w2', sessions: [session({ state: 'loading' })] },
    ];
    fake.cluster.loadNews.tell({
      workerId: 'w1',
      stage: 'failed',
      code: 'out_of_memory',
      message: 'Too small.',
    });
    fake.cluster.loadNews.tell({ workerId: 'w2', stage: 'ready' });
    expect(await answer).toEqual([200, '']);
  });

  it('asks for one load however many wait for it, and a client that goes away does not end it', async () => {
    const leaver = new AbortController();
    const left = fetch(`${fake.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-preload-only': 'true' },
      body: '{"model":"smollm2"}',
      signal: leaver.signal,
    });
    await asked();
    const stays = preload();
    leaver.abort();
    await expect(left).rejects.toThrow('abort');
    hold(session());
    expect(await stays).toEqual([200, '']);
    expect(fake.cluster.queue.loads).toHaveLength(1);
  });

  it('does not hang when the request time limit is over', async () => {
    await restart({ requestTimeout: 300 });
    const [status, text] = await preload();
    expect(status).toBe(504);
    expect(text).toContain('LONGSHORE_REQUEST_TIMEOUT');
  });

  it('says that there is no such model, no worker, or no such wish', async () => {
    expect((await preload('/v1/chat/completions', 'no/such'))[0]).toBe(404);
    fake.cluster.workers.alive = [];
    expect((await preload())[0]).toBe(503);
    const odd = await ask('POST', '/v1/chat/completions', {
      body: { model: 'smollm2' },
      headers: { 'x-preload-only': 'maybe' },
    });
    expect([odd[0], odd[1]]).toEqual([400, expect.stringContaining('X-Preload-Only must be true or false')]);
  });

  it('is a request like any other when it is false', async () => {
    const body = { model: 'smollm2' };
    const answer = await ask('POST', '/v1/chat/completions', {
      body,
      headers: { 'x-preload-only': 'false' },
    });
    expect(answer[0]).toBe(200);
    expect(fake.cluster.completions.requests).toHaveLength(1);
  });
});
