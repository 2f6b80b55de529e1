import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type PullEvent, type PullOutcome, type SessionAnnouncement } from '#contracts';
import { SMOLLM } from '../../__fakes__/fake-models.js';
import { worker } from '../../__fakes__/fake-workers.js';
import { refuse } from '../../__fakes__/fake-store-server.js';
import { answer, ask, call, calls, fake, ID, useStoreGateway } from '../../__fakes__/use-store-gateway.js';

useStoreGateway();

const REFERENCE = 'docker.io/ai/smollm2:latest';
const parsed = async (method: string, path: string, body?: unknown): Promise<[number, unknown]> => {
  const [status, text] = await ask(method, `/api/${path}`, body);
  return [status, text === '' ? undefined : JSON.parse(text)];
};
const linesOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);

describe('GET /api/tags', () => {
  it('has an entry for each name, and one for a model without', async () => {
    const nameless = { ...SMOLLM, id: `sha256:${'b'.repeat(64)}`, tags: [] };
    fake.cluster.catalogue.models = [{ ...SMOLLM, tags: [REFERENCE, 'docker.io/ai/other:1'] }, nameless];
    const [status, body] = await parsed('GET', 'tags');
    const { models } = body as { models: Record<string, unknown>[] };
    expect([status, models.map(({ name }) => name)]).toEqual([
      200,
      [REFERENCE, 'docker.io/ai/other:1', nameless.id],
    ]);
    expect(models[0]).toEqual({
      name: REFERENCE,
      model: REFERENCE,
      modified_at: '2025-03-24T11:49:41.000Z',
      size: 270_590_880,
      digest: 'a'.repeat(64),
      details: {
        parent_model: '',
        format: 'gguf',
        family: '',
        families: [],
        parameter_size: '361.82M',
        quantization_level: 'Q4_K_M',
      },
    });
  });
});

const session = (members: Partial<SessionAnnouncement> = {}): SessionAnnouncement => ({
  modelId: ID,
  mode: 'completion',
  engine: 'llama.cpp',
  state: 'ready',
  slots: 1,
  busy: 0,
  lastUsed: 1_000,
  keepAlive: 60_000,
  ...members,
});

describe('GET /api/version', () => {
  it('tells a release that Codex takes for one with the Responses API: 0.13.4 or newer', async () => {
    expect(await parsed('GET', 'version')).toEqual([200, { version: '0.13.4' }]);
  });
});

describe('GET /api/ps', () => {
  const listed = async (...sessions: SessionAnnouncement[]) => {
    const accelerators = [{ kind: 'nvidia', name: 'H100', memoryTotal: 1, memoryFree: 1 }] as const;
    fake.cluster.workers.alive = [{ ...worker(), sessions, accelerators }];
    return ((await parsed('GET', 'ps'))[1] as { models: Record<string, unknown>[] }).models;
  };

  it('tells what is loaded, where, and for how long', async () => {
    expect(await listed(session({ reference: 'smollm2', contextSize: 2_048 }))).toMatchObject([
      {
        name: 'smollm2',
        size: 270_590_880,
        size_vram: 270_590_880,
        expires_at: '1970-01-01T00:01:01.000Z',
        context_length: 2_048,
      },
    ]);
  });

  it.each([
    ['for ever', { keepAlive: -1 }, '2318-01-01T00:00:00Z'],
    ['for longer than dates go', { keepAlive: Number.MAX_SAFE_INTEGER }, '2318-01-01T00:00:00Z'],
  ])('knows what stays %s', async (_title, members, time) => {
    expect(await listed(session(members))).toMatchObject([{ expires_at: time, context_length: 4_096 }]);
  });

  it('tells of a model that is loaded twice once, and not of what goes', async () => {
    expect(await listed(session(), session({ mode: 'embedding' }))).toHaveLength(1);
    expect(await listed(session({ state: 'draining' }))).toEqual([]);
    const { keepAlive: _keepAlive, ...older } = session({ modelId: `sha256:${'e'.repeat(64)}` });
    expect(await listed(older)).toMatchObject([
      { name: older.modelId, size: 0, expires_at: '0001-01-01T00:00:00Z' },
    ]);
  });
});

describe('POST /api/show', () => {
  const TEMPLATE = '{% if tools %}{{ tools }}{% endif %}<think>';
  const gguf = {
    'general.architecture': 'llama',
    'llama.context_length': '8192',
    'llama.rope.freq_base': '10000.5',
    'general.finetuned': 'true',
    'general.languages': 'en, de',
    'tokenizer.chat_template': TEMPLATE,
  };

  it('shows what the file says of itself, and what the layers hold', async () => {
    const license = 'Apache License';
    const digest = `sha256:${createHash('sha256').update(license).digest('hex')}`;
    const layers = [
      { mediaType: 'application/vnd.docker.ai.license', digest, size: license.length },
      { mediaType: 'application/vnd.docker.ai.mmproj', digest, size: 1 },
    ];
    answer(
      `GET /v2/store/manifests/${ID}`,
      (_call, response) => void response.end(JSON.stringify({ layers })),
    );
    answer(`GET /v2/store/blobs/${digest}`, (_call, response) => void response.end(license));
    fake.cluster.catalogue.models = [
      { ...SMOLLM, config: { ...SMOLLM.config, architecture: 'llama', gguf } },
    ];
    const [status, shown] = await parsed('POST', 'show', { name: 'smollm2' });
    expect(status).toBe(200);
    expect(shown).toMatchObject({
      license,
      template: TEMPLATE,
      capabilities: ['completion', 'tools', 'vision', 'thinking'],
      details: { family: 'llama', families: ['llama'] },
      modified_at: '2025-03-24T11:49:41.000Z',
    });
    expect((shown as { model_info: unknown }).model_info).toEqual({
      'general.architecture': 'llama',
      'general.parameter_count': 361_820_000,
      'llama.context_length': 8_192,
      'llama.rope.freq_base': 10_000.5,
      'general.finetuned': true,
      'general.languages': 'en, de',
    });
  });

  it('shows a model that no worker has, and tells of one there is not', async () => {
    fake.cluster.workers.alive = [];
    expect(await parsed('POST', 'show', { model: 'smollm2', verbose: true })).toMatchObject([
      200,
      { capabilities: ['completion'] },
    ]);
    expect((await parsed('POST', 'show', { model: 'nobody' }))[0]).toBe(404);
  });
});

describe('names of models', () => {
  const CREATE = {
    model: 'mario',
    from: 'smollm2',
    system: 'Be Mario.',
    parameters: { temperature: 0.5, stop: ['a', 'b'] },
    messages: [{ role: 'user', content: 'Hi' }],
    license: 'MIT',
  };
  const shownAs = async (model: string) =>
    (await parsed('POST', 'show', { model }))[1] as Record<string, unknown>;

  it('bring along what they were created with', async () => {
    const [status, text] = await ask('POST', '/api/create', CREATE);
    expect([status, linesOf(text).at(-1)]).toEqual([200, { status: 'success' }]);
    expect(await shownAs('mario')).toMatchObject({
      system: 'Be Mario.',
      parameters:
        'temperature                    0.5\nstop                           "a"\nstop                           "b"',
      messages: CREATE.messages,
      license: 'MIT',
      details: { parent_model: 'smollm2' },
      modelfile: expect.stringContaining('SYSTEM """Be Mario."""') as string,
    });
    expect((await fake.cluster.catalogue.find('mario'))?.id).toBe(ID);
    expect(await shownAs('smollm2')).not.toHaveProperty('system');
  });

  it('pass that on, and a new one only has what is said of it', async () => {
    await ask('POST', '/api/create', CREATE);
    const luigi = {
      model: 'luigi',
      from: 'mario',
      system: 'Be Luigi.',
      parameters: { top_k: 3 },
      stream: false,
    };
    expect(await parsed('POST', 'create', luigi)).toEqual([200, { status: 'success' }]);
    expect(await shownAs('luigi')).toMatchObject({
      system: 'Be Luigi.',
      parameters: expect.stringMatching(/temperature.*\n.*\n.*\ntop_k +3$/) as string,
    });
    expect((await call('POST', '/api/copy', { source: 'luigi', destination: 'copy:1' })).status).toBe(200);
    expect((await shownAs('copy:1'))['system']).toBe('Be Luigi.');
    await call('POST', '/models/smollm2/tag?repo=ai/luigi&tag=latest');
    fake.cluster.catalogue.models = fake.cluster.catalogue.models.map((model) => ({
      ...model,
      id: `sha256:${'f'.repeat(64)}`,
    }));
    expect(await shownAs('luigi')).not.toHaveProperty('system');
  });

  it.each([
    [{ from: 'nobody' }, 404, 'not found'],
    [{ from: '' }, 400, '"from"'],
    [{ model: 'no reference' }, 400, 'Invalid model reference'],
    [{ quantize: 'q4_K_M' }, 400, '"quantize"'],
    [{ files: { 'a.gguf': 'sha256:1' } }, 400, '"files"'],
    [{ adapters: { a: 'b' } }, 400, '"adapters"'],
    [{ template: '{{ .Prompt }}' }, 400, '"template"'],
    [{ parameters: { top_p: 'x' } }, 400, '"parameters.top_p"'],
    [{ messages: [{ role: 'king' }] }, 400, '"messages[0].role"'],
    [{ license: [1] }, 400, '"license"'],
  ])('are not created with %j', async (members, status, words) => {
    expect(await parsed('POST', 'create', { ...CREATE, ...members })).toEqual([
      status,
      { error: expect.stringContaining(words) as string },
    ]);
  });

  it('are taken away, the last one with the model, which is unloaded first', async () => {
    const models = [{ ...SMOLLM, tags: [REFERENCE, 'docker.io/ai/other:1'] }];
    fake.cluster.catalogue.models = models;
    expect((await call('DELETE', '/api/delete', { model: 'other:1' })).status).toBe(200);
    expect(fake.cluster.control.sent).toEqual([]);
    fake.cluster.catalogue.models = [SMOLLM];
    expect((await call('DELETE', '/api/delete', { name: 'smollm2' })).status).toBe(200);
    expect(fake.cluster.control.sent).toMatchObject([{ kind: 'unload', modelId: ID }]);
    expect((await parsed('DELETE', 'delete', { model: 'nobody' }))[0]).toBe(404);
    fake.cluster.catalogue.models = models;
    expect((await parsed('DELETE', 'delete', { model: ID }))[0]).toBe(409);
  });
});

const line = (members: object): PullEvent => ({
  version: 1,
  reference: REFERENCE,
  line: { type: 'progress', message: '', total: 9, layer: { size: 0, current: 0 }, mode: 'pull', ...members },
});
const over = (outcome: PullOutcome): PullEvent => ({ version: 1, reference: REFERENCE, outcome });
const LAYER = { id: `sha256:${'d'.repeat(64)}`, size: 9, current: 4 };

describe('POST /api/pull', () => {
  const telling = (...events: PullEvent[]): void => {
    fake.cluster.pulls.events = async function* () {
      yield* events;
    };
  };
  const done = over({ ok: true, modelId: ID, message: 'Model pulled successfully' });
  const failed = over({ ok: false, failure: 'unauthorized', message: 'no' });

  it('tells the progress in the words of Ollama', async () => {
    telling(
      line({ message: 'Größe' }),
      line({ layer: LAYER }),
      line({ type: 'warning', message: 'slow' }),
      done,
    );
    const [status, text] = await ask('POST', '/api/pull', { name: 'smollm2', insecure: true });
    expect([status, linesOf(text)]).toEqual([
      200,
      [
        { status: 'pulling manifest' },
        { status: 'Größe' },
        { status: `pulling ${'d'.repeat(12)}`, digest: LAYER.id, total: 9, completed: 4 },
        { status: 'warning: slow' },
        { status: 'success' },
      ],
    ]);
    expect(fake.cluster.pulls.jobs).toEqual([{ version: 1, reference: REFERENCE }]);
  });

  it('tells only how it ended where no stream is wanted', async () => {
    telling(line({ layer: LAYER }), done);
    expect(await parsed('POST', 'pull', { model: 'smollm2', stream: false })).toEqual([
      200,
      { status: 'success' },
    ]);
    telling(line({ layer: LAYER }), failed);
    expect(await parsed('POST', 'pull', { model: 'smollm2', stream: false })).toEqual([500, { error: 'no' }]);
  });

  it('has a status for what fails at once, and a line for what fails later', async () => {
    telling(failed);
    expect(await parsed('POST', 'pull', { model: 'smollm2' })).toEqual([401, { error: 'Unauthorized' }]);
    telling(line({ layer: LAYER }), failed);
    const [status, text] = await ask('POST', '/api/pull', { model: 'smollm2' });
    expect([status, linesOf(text).at(-1)]).toEqual([200, { error: 'no' }]);
  });

  it('makes the name mean what was pulled, and nothing else', async () => {
    await ask('POST', '/api/create', { model: 'smollm2', from: 'smollm2', system: 'Be Mario.' });
    expect(fake.cluster.defaults.kept.size).toBe(1);
    telling(done);
    await ask('POST', '/api/pull', { model: 'smollm2' });
    expect(fake.cluster.defaults.kept.size).toBe(0);
  });

  it.each([
    [{ model: 'no reference' }, 'Invalid model reference'],
    [{ model: 'smollm2', username: 'me' }, '"username"'],
    [{}, 'model is required'],
  ])('refuses %j', async (body, words) => {
    expect(await parsed('POST', 'pull', body)).toEqual([
      400,
      { error: expect.stringContaining(words) as string },
    ]);
  });
});

describe('POST /api/push', () => {
  const PUSH = `POST /models/${ID}/push`;

  it('tells the progress wherever its bytes are cut', async () => {
    const lines = [
      line({ layer: LAYER, mode: 'push', message: 'Größe' }).line,
      line({ type: 'success' }).line,
    ];
    const bytes = Buffer.from(lines.map((each) => `${JSON.stringify(each)}\n`).join(''));
    answer(PUSH, async (_call, response) => {
      for (const byte of bytes) response.write(Buffer.of(byte));
      response.end();
    });
    const [status, text] = await ask('POST', '/api/push', { model: 'smollm2' });
    expect([status, linesOf(text)]).toEqual([
      200,
      [
        { status: 'retrieving manifest' },
        { status: `pushing ${'d'.repeat(12)}`, digest: LAYER.id, total: 9, completed: 4 },
        { status: 'success' },
      ],
    ]);
    expect(calls().map(({ body }) => body.toString())).toEqual([JSON.stringify({ reference: REFERENCE })]);
  });

  it('says so when it breaks off', async () => {
    answer(PUSH, (_call, response) => {
      response.write(`${JSON.stringify(line({ layer: LAYER }).line)}\n`);
      setTimeout(() => response.destroy(), 50);
    });
    const response = await call('POST', '/api/push', { model: 'smollm2' });
    let text = '';
    const reading = (async () => {
      for await (const bytes of response.body ?? []) text += Buffer.from(bytes).toString('utf8');
    })();
    await expect(reading).rejects.toThrow('terminated');
    expect(linesOf(text).at(-1)).toEqual({ error: expect.stringContaining('broke off') as string });
    expect(await parsed('POST', 'push', { model: 'smollm2', stream: false })).toMatchObject([500, {}]);
  });

  it('has a status for what fails at once', async () => {
    answer(PUSH, (_call, response) => refuse(response, 401, 'unauthorized', 'no'));
    expect(await parsed('POST', 'push', { model: 'smollm2' })).toEqual([401, { error: 'Unauthorized' }]);
    expect((await parsed('POST', 'push', { model: 'nobody' }))[0]).toBe(404);
  });
});
