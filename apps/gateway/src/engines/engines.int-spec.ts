import { beforeEach, describe, expect, it } from 'vitest';
import { MODES, type SessionAnnouncement, type WorkerAnnouncement } from '#contracts';
import { eventually } from '#testing';
import { SMOLLM } from '../__fakes__/fake-models.js';
import { worker } from '../__fakes__/fake-workers.js';
import { session } from './__fixtures__/session.js';
import { ask, fake, hold, useGateway } from './__fixtures__/use-gateway.js';

const ENGINES_PATHS = ['/engines', '/engines/llama.cpp'];
const SHELF = { ...SMOLLM, id: `sha256:${'b'.repeat(64)}`, tags: ['docker.io/ai/draft:latest'] };
const WEIGHTS = { ...SMOLLM, id: `sha256:${'d'.repeat(64)}`, tags: ['docker.io/ai/big:latest'] };

useGateway();
beforeEach(() => {
  const safetensors = { ...WEIGHTS, config: { format: 'safetensors' as const } };
  fake.cluster.catalogue.models = [SMOLLM, SHELF, safetensors];
});

const configure = (body: unknown, path = '/engines/_configure') => ask('POST', path, { body });

function vllmWorker(): WorkerAnnouncement {
  const engines = [{ name: 'vllm', driver: 'vllm', version: '1', formats: ['safetensors'] }] as const;
  return { ...worker(), workerId: 'w2', variant: 'vllm-cuda', engines };
}

describe('POST /engines/_configure', () => {
  it.each(ENGINES_PATHS)('keeps what %s is told, tells the workers and loads the model', async (prefix) => {
    const body = {
      model: 'smollm2',
      'context-size': 8192,
      'runtime-flags': ['--temp', '0.7'],
      'raw-runtime-flags': '--top-k 3',
      speculative: { draft_model: 'ai/draft', num_tokens: 5, min_acceptance_rate: 0.8 },
      keep_alive: '10m',
      llamacpp: { 'reasoning-budget': 0 },
    };
    expect(await configure(body, `${prefix}/_configure`)).toEqual([202, '']);
    expect([...fake.cluster.configurations.kept.values()]).toEqual([
      {
        version: 1,
        modelId: SMOLLM.id,
        mode: 'completion',
        reference: 'docker.io/ai/smollm2:latest',
        engine: 'llama.cpp',
        revision: expect.stringMatching(/^[0-9a-f]{16}$/),
        contextSize: 8192,
        flags: ['--temp', '0.7'],
        keepAlive: 600_000,
        speculative: { draftModelId: SHELF.id, tokens: 5, minimumAcceptance: 0.8 },
        reasoningBudget: 0,
      },
    ]);
    expect(fake.cluster.control.sent).toEqual([
      { kind: 'configure', modelId: SMOLLM.id, mode: 'completion' },
    ]);
    await eventually(() => fake.cluster.queue.loads.length > 0);
    expect(fake.cluster.queue.loads[0]).toMatchObject({
      variant: 'cpu',
      job: { modelId: SMOLLM.id, mode: 'completion', reference: 'docker.io/ai/smollm2:latest' },
    });
    expect(await ask('GET', `${prefix}/_configure`)).toEqual([
      200,
      JSON.stringify([
        {
          Backend: 'llama.cpp',
          Model: 'docker.io/ai/smollm2:latest',
          ModelID: SMOLLM.id,
          Mode: 'completion',
          Config: {
            'context-size': 8192,
            'runtime-flags': ['--temp', '0.7'],
            speculative: {
              draft_model: 'docker.io/ai/draft:latest',
              num_tokens: 5,
              min_acceptance_rate: 0.8,
            },
            keep_alive: '10m0s',
            llamacpp: { 'reasoning-budget': 0 },
          },
        },
      ]),
    ]);
  });

  it('changes the revision with everything but the time a session stays', async () => {
    const revision = async (body: object): Promise<string | undefined> => {
      await configure({ model: 'smollm2', ...body });
      return [...fake.cluster.configurations.kept.values()][0]?.revision;
    };
    const first = await revision({ 'context-size': 1024 });
    expect(await revision({ 'context-size': 1024, keep_alive: '-1' })).toBe(first);
    expect(await revision({ 'raw-runtime-flags': '--seed 1', 'context-size': 1024 })).not.toBe(first);
  });

  it.each([
    [{ 'runtime-flags': ['--embeddings'] }, 'embedding'],
    [{ 'raw-runtime-flags': '--reranking' }, 'reranking'],
    [{ mode: 'embedding' }, 'embedding'],
    [{ mode: 'completion', 'runtime-flags': ['--embeddings'] }, 'completion'],
  ])('configures, and loads, the mode that %j asks for', async (body, mode) => {
    const engines = worker().engines.map((engine) => ({ ...engine, modes: MODES }));
    fake.cluster.workers.alive = [{ ...worker(), engines }];
    expect(await configure({ model: 'smollm2', ...body })).toEqual([202, '']);
    expect(fake.cluster.control.sent).toMatchObject([{ mode }]);
    await eventually(() => fake.cluster.queue.loads.length > 0);
    expect(fake.cluster.queue.loads[0]?.job.mode).toBe(mode);
  });

  it('takes a context of 0 for none asked for', async () => {
    await configure({ model: 'smollm2', 'context-size': 1024 });
    expect(await configure({ model: 'smollm2', 'context-size': 0 })).toEqual([202, '']);
    const [kept] = fake.cluster.configurations.kept.values();
    expect(kept).toMatchObject({ modelId: expect.any(String) as string });
    expect(kept).not.toHaveProperty('contextSize');
  });

  it.each([
    ['0', 0],
    ['-1', -1],
    ['-5m', -1],
    ['1h', 3_600_000],
  ])('keeps sessions for %s', async (text, ms) => {
    expect(await configure({ model: 'smollm2', keep_alive: text })).toEqual([202, '']);
    expect([...fake.cluster.configurations.kept.values()][0]?.keepAlive).toBe(ms);
  });

  it('does nothing about a model that is not there', async () => {
    expect(await configure({ model: 'nobody/has-it', 'runtime-flags': ['--api-key', 'x'] })).toEqual([
      202,
      '',
    ]);
    expect(fake.cluster.configurations.kept.size).toBe(0);
    expect(fake.cluster.control.sent).toEqual([]);
  });

  it('refuses a value that would end the engine when the model is loaded, and says what is taken', async () => {
    const body = { model: 'smollm2', 'raw-runtime-flags': '--temp 0.7 --cache-type-k foo' };
    expect(await configure(body)).toEqual([
      400,
      'invalid request: The runtime flag --cache-type-k of llama.cpp takes one of f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0, q5_1, not "foo".\n',
    ]);
    expect(fake.cluster.configurations.kept.size).toBe(0);
  });

  it('checks flags against the engine that will run the model, whatever the path says nothing of', async () => {
    fake.cluster.workers.alive = [worker(), vllmWorker()];
    expect(await configure({ model: 'ai/big', 'runtime-flags': ['--max-num-seqs', '8'] })).toEqual([202, '']);
    expect([...fake.cluster.configurations.kept.values()][0]?.engine).toBe('vllm');
    const [status, text] = await configure({ model: 'ai/smollm2', 'runtime-flags': ['--max-num-seqs', '8'] });
    expect([status, text]).toEqual([
      400,
      'invalid request: The runtime flag --max-num-seqs is not allowed for llama.cpp, which is the engine that runs this model.\n',
    ]);
    expect((await configure({ model: 'ai/big' }, '/engines/llama.cpp/_configure'))[0]).toBe(404);
  });

  it('can configure before any worker is there', async () => {
    fake.cluster.workers.alive = [];
    expect(await configure({ model: 'ai/big', vllm: { 'gpu-memory-utilization': 0.5 } })).toEqual([202, '']);
    expect([...fake.cluster.configurations.kept.values()][0]?.engine).toBe('vllm');
  });

  it.each<[unknown, string]>([
    ['', 'the body is empty'],
    ['{"model":', 'not valid JSON'],
    ['[]', 'must be a JSON object'],
    [{}, 'model is required'],
    [{ model: 7 }, '"model" must be a string'],
    [{ model: 'x'.repeat(2_000) }, '"model" is too long'],
    [
      { model: 'smollm2', mode: 'image-generation' },
      '"mode" must be one of completion, embedding, reranking',
    ],
    [{ model: 'smollm2', keep_alive: 'soon' }, '"keep_alive" must be a duration'],
    [{ model: 'smollm2', keep_alive: 5 }, '"keep_alive" must be a string'],
    [{ model: 'smollm2', 'keep-alive': '5m' }, '"keep-alive" is spelt "keep_alive"'],
    [{ model: 'smollm2', context_size: 1 }, '"context_size" is spelt "context-size"'],
    [{ model: 'smollm2', 'context-size': -2 }, '"context-size" must be a number of tokens above 0'],
    [{ model: 'smollm2', 'context-size': 1.5 }, '"context-size" must be'],
    [{ model: 'smollm2', 'runtime-flags': '--temp 1' }, '"runtime-flags" must be a list of strings'],
    [{ model: 'smollm2', 'raw-runtime-flags': `--grammar 'x` }, "A quote ' is not closed"],
    [{ model: 'smollm2', 'runtime-flags': ['--log-file', 'x'] }, '--log-file is not allowed for llama.cpp'],
    [{ model: 'smollm2', 'runtime-flags': ['--chat-template', '/etc/x'] }, 'could name a file'],
    [{ model: 'smollm2', speculative: { num_tokens: 3 } }, '"speculative" needs a "draft_model"'],
    [{ model: 'smollm2', speculative: { draft_model: 'd', num_tokens: -1 } }, '"num_tokens" must be'],
    [{ model: 'smollm2', speculative: { draft_model: 'd', min_acceptance_rate: 2 } }, 'a number from 0 to 1'],
    [{ model: 'smollm2', vllm: { 'hf-overrides': { 'a/b': 1 } } }, 'is no plain name'],
    [{ model: 'smollm2', vllm: { 'gpu-memory-utilization': 0 } }, 'must be a number above 0, to 1'],
    [
      { model: 'smollm2', vllm: { 'gpu-memory-utilization': 0.5 } },
      `"vllm" are vLLM's, and the model runs on llama.cpp`,
    ],
    [{ model: 'smollm2', llamacpp: [] }, '"llamacpp" must be an object'],
  ])('refuses %j', async (body, problem) => {
    const [status, text] = await configure(body);
    expect(status).toBe(400);
    expect(text).toMatch(/^invalid request: .*\n$/);
    expect(text).toContain(problem);
    expect(fake.cluster.configurations.kept.size).toBe(0);
  });

  it('says that an engine, or a draft model, does not exist', async () => {
    const [status, text] = await configure({ model: 'smollm2' }, '/engines/mlx/_configure');
    expect([status, text]).toEqual([404, expect.stringMatching(/^backend not found/)]);
    const draft = await configure({ model: 'smollm2', speculative: { draft_model: 'no/such' } });
    expect(draft).toEqual([404, 'No such draft model: no/such\n']);
  });
});

describe('GET /engines/_configure', () => {
  it('lists those of one model, of one engine, and none of a model that is gone', async () => {
    await configure({ model: 'smollm2' });
    await configure({ model: 'ai/draft', mode: 'embedding' });
    const listed = async (path: string): Promise<unknown[]> =>
      JSON.parse((await ask('GET', path))[1]) as unknown[];
    expect(await listed('/engines/_configure')).toHaveLength(2);
    expect(await listed('/engines/_configure?model=draft')).toMatchObject([
      { Mode: 'embedding', Config: {} },
    ]);
    expect(await listed('/engines/_configure?model=unknown')).toEqual([]);
    expect(await listed('/engines/vllm/_configure')).toEqual([]);
    fake.cluster.catalogue.models = [SHELF];
    expect(await listed('/engines/_configure')).toMatchObject([{ ModelID: SHELF.id }]);
    expect((await ask('GET', '/engines/_configure?model=a&model=b'))[0]).toBe(400);
  });
});

describe('GET /engines/ps and POST /engines/unload', () => {
  const unload = (body: unknown): Promise<[number, string]> => ask('POST', '/engines/unload', { body });
  /** As workers do: idle sessions end when they are told. */
  const obey = (): void => {
    fake.cluster.control.onSend = ({ modelId, engine }) => {
      const stays = (held: SessionAnnouncement): boolean =>
        held.busy > 0 ||
        (modelId !== undefined && held.modelId !== modelId) ||
        (engine !== undefined && held.engine !== engine);
      fake.cluster.workers.alive = fake.cluster.workers.alive.map((alive) => ({
        ...alive,
        sessions: alive.sessions.filter(stays),
      }));
    };
  };

  it('shows nothing as an empty list', async () => {
    expect(await ask('GET', '/engines/ps')).toEqual([200, '[]']);
  });

  it('ends the idle sessions of a model in all its modes, and leaves the rest', async () => {
    hold(
      session(),
      session({ mode: 'embedding' }),
      session({ modelId: SHELF.id }),
      session({ mode: 'reranking', busy: 1 }),
    );
    obey();
    expect(await unload({ models: ['ai/smollm2'] })).toEqual([200, '{"unloaded_runners":2}']);
    expect(fake.cluster.control.sent).toEqual([{ kind: 'unload', modelId: SMOLLM.id }]);
    const left = JSON.parse((await ask('GET', '/engines/ps'))[1]) as object[];
    expect(left).toMatchObject([{ mode: 'completion' }, { mode: 'reranking', in_use: true }]);
    expect(await unload({ models: ['nobody/has-it'] })).toEqual([200, '{"unloaded_runners":0}']);
    expect(await unload({})).toEqual([200, '{"unloaded_runners":0}']);
  });

  it('does not count a session that was taken into use before its worker was told', async () => {
    hold(session(), session({ modelId: SHELF.id }));
    fake.cluster.control.onSend = () => hold(session({ busy: 1 }));
    expect(await unload({ all: true })).toEqual([200, '{"unloaded_runners":1}']);
  });

  it('forgets every configuration with all models, and those of one only when its engine is named', async () => {
    await configure({ model: 'smollm2' });
    await configure({ model: 'ai/draft' });
    await unload({ models: ['smollm2'] });
    expect(fake.cluster.configurations.kept.size).toBe(2);
    await unload({ models: ['smollm2'], backend: 'vllm' });
    expect(fake.cluster.configurations.kept.size).toBe(2);
    await unload({ models: ['smollm2'], backend: 'llama.cpp' });
    expect(fake.cluster.configurations.kept.size).toBe(1);
    await unload({ all: true });
    expect(fake.cluster.configurations.kept.size).toBe(0);
  });

  it('does not claim to have ended what no worker was told of', async () => {
    hold(session());
    fake.cluster.control.listening = 0;
    expect((await unload({ all: true }))[0]).toBe(503);
  });

  it.each([
    ['[', 'invalid request: the body is not valid JSON', 400],
    [{ models: 'x' }, 'invalid request: "models" must be a list of strings', 400],
    [
      { models: Array.from({ length: 1_001 }, (_, index) => `m${index}`) },
      'invalid request: "models" must not list more than 1000 names',
      400,
    ],
    [{ all: 'yes' }, 'invalid request: "all" must be true or false', 400],
    [{ all: true, backend: 'mlx' }, 'backend not found', 404],
  ])('refuses %j', async (body, words, status) => {
    const answer = await unload(body);
    expect(answer[0]).toBe(status);
    expect(answer[1]).toContain(words);
    expect(fake.cluster.control.sent).toEqual([]);
  });
});

describe('POST /engines/install-backend and its opposite', () => {
  it.each(['install-backend', 'uninstall-backend'])(
    '%s knows the engines of living workers',
    async (action) => {
      const post = (body: unknown): Promise<[number, string]> => ask('POST', `/engines/${action}`, { body });
      expect(await post({ backend: 'llama.cpp', version: 'latest' })).toEqual([200, '']);
      const [status, text] = await post({ backend: 'vllm' });
      expect(status).toBe(404);
      expect(text).toMatch(/^backend not found: .*start a worker of variant vllm-cuda.*llama\.cpp/);
      expect(await post({})).toEqual([400, 'invalid request: backend is required\n']);
      expect((await post({ backend: 'mlx' }))[0]).toBe(404);
      expect((await post('x'))[0]).toBe(400);
    },
  );
});
