import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LongshoreError, type PullEvent } from '#contracts';
import { startFakeGateway, type FakeGateway } from '../__fakes__/start-fake-gateway.js';

let fake: FakeGateway;
beforeEach(async () => (fake = await startFakeGateway()));
afterEach(() => fake.gateway.stop(0));

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

describe('a pull', () => {
  const event = (rest: Partial<PullEvent>): PullEvent => ({ version: 1, reference: 'r', ...rest });
  const progress = (current: number): PullEvent =>
    event({
      line: {
        type: 'progress',
        message: '',
        total: 9,
        layer: { id: 'sha256:1', size: 9, current },
        mode: 'pull',
      },
    });
  const pull = (accept?: string): Promise<Response> =>
    fetch(`${fake.url}/models/create`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(accept ? { accept } : {}) },
      body: '{"from":"smollm2","bearer-token":"t"}',
    });
  const events = (list: PullEvent[]) =>
    async function* (): AsyncGenerator<PullEvent, void, void> {
      yield* list;
    };

  it('streams its progress as lines of JSON and ends with a success', async () => {
    const outcome = { ok: true, modelId: 'm', message: 'Model pulled successfully' } as const;
    fake.cluster.pulls.events = events([progress(4), progress(9), event({ outcome })]);
    const response = await pull();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    const lines = (await response.text()).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      progress(4).line,
      progress(9).line,
      {
        type: 'success',
        message: 'Model pulled successfully',
        total: 0,
        layer: { size: 0, current: 0 },
        mode: 'pull',
      },
    ]);
    expect(fake.cluster.pulls.jobs[0]).toMatchObject({
      reference: 'docker.io/ai/smollm2:latest',
      bearerToken: 't',
    });
  });

  it('says application/json to those who accept exactly that', async () => {
    fake.cluster.pulls.events = events([progress(9)]);
    expect((await pull('application/json')).headers.get('content-type')).toBe('application/json');
    expect((await pull('application/json, */*')).headers.get('content-type')).toMatch(/^text\/plain/);
  });

  it.each([
    ['unauthorized', 'because', 401, 'Unauthorized\n'],
    ['unauthorized', 'Unauthorized: org/repo is gated.', 401, 'Unauthorized: org/repo is gated.\n'],
    ['not-found', 'because', 404, 'Model not found\n'],
    ['not-found', 'Model not found: it has Q8_0.', 404, 'Model not found: it has Q8_0.\n'],
    ['unsupported', 'because', 422, 'because\n'],
    ['failed', 'because', 500, 'because\n'],
  ] as const)(
    'that fails at once as %s, "%s", is answered with %i',
    async (failure, message, status, text) => {
      fake.cluster.pulls.events = events([event({ outcome: { ok: false, failure, message } })]);
      const response = await pull();
      expect([response.status, await response.text()]).toEqual([status, text]);
      expect(response.headers.get('content-type')).toMatch(/^text\/plain/);
    },
  );

  it('that fails later ends with an error line', async () => {
    const outcome = { ok: false, failure: 'not-found', message: 'a layer is missing' } as const;
    fake.cluster.pulls.events = events([progress(4), event({ outcome })]);
    const response = await pull();
    expect(response.status).toBe(200);
    expect((await response.text()).split('\n')[1]).toBe(
      '{"type":"error","message":"Error: a layer is missing","total":0,"layer":{"size":0,"current":0},"mode":"pull"}',
    );
  });

  it('is refused while no worker is alive', async () => {
    fake.cluster.pulls.events = () => {
      throw new LongshoreError('no_worker');
    };
    const response = await pull();
    expect([response.status, await response.text()]).toEqual([503, 'No worker is alive.\n']);
  });

  it('breaks the connection when it is lost half-way, so that the client tries again', async () => {
    fake.cluster.pulls.events = async function* () {
      yield progress(4);
      throw new LongshoreError('redis_unavailable');
    };
    await expect(pull().then((response) => response.text())).rejects.toThrow('terminated');
  });

  it('is no longer followed once the client hangs up', async () => {
    const ended = vi.fn<() => void>();
    fake.cluster.pulls.events = async function* (signal) {
      try {
        yield progress(4);
        await until(signal);
      } finally {
        ended();
      }
    };
    const response = await pull();
    await response.body?.cancel();
    await vi.waitFor(() => expect(ended).toHaveBeenCalledOnce(), 20_000);
  });
});
