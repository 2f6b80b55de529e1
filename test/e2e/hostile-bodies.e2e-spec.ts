import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { eventually, requestJson } from '#testing';
import { hostileBodies } from './support/hostile-bodies.js';
import { type SharedCluster, useCluster } from './support/use-cluster.js';

/** Together a little over a thousand. */
const BODIES_A_ROUTE = 52;
const SEED = 7;

/** Bytes that a gateway may hold more after all of them than after the first quarter. */
const FLAT = 96 * 1024 * 1024;

const shared: SharedCluster = useCluster(async () => ({
  gateways: 1,
  workers: 1,
  engine: 'llama-server',
  // Names of nothing are looked for on this machine.
  gatewayEnvironment: { DEFAULT_REGISTRY: shared.registry.host, LONGSHORE_RESPONSE_RETENTION: '5s' },
}));

interface Route {
  readonly method?: string;
  readonly path: string;
  /** A body it takes. */
  readonly right: (model: string, embedder: string) => Readonly<Record<string, unknown>>;
  /** Whether an error is one of the dialect. */
  readonly isError: (text: string) => boolean;
}

const MESSAGES = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: [{ type: 'text', text: 'Hi' }] },
];
const TOOL = { type: 'function', function: { name: 'f', parameters: { type: 'object', properties: {} } } };
const SCHEMA = { type: 'json_schema', json_schema: { name: 'x', schema: { type: 'object' } } };
const MESSAGE = { role: 'user', content: 'Hi' };

const OPENAI = [
  {
    path: '/v1/chat/completions',
    right: (model: string) => ({
      model,
      messages: MESSAGES,
      max_tokens: 2,
      temperature: 0.5,
      tools: [TOOL],
      response_format: SCHEMA,
    }),
  },
  {
    path: '/v1/chat/completions',
    right: (model: string) => ({ model, messages: [MESSAGE], max_tokens: 2, stream: true }),
  },
  {
    path: '/v1/completions',
    right: (model: string) => ({ model, prompt: 'Hi', max_tokens: 2, stop: ['x'] }),
  },
  {
    path: '/v1/embeddings',
    right: (_: string, model: string) => ({ model, input: ['Hi', 'you'], encoding_format: 'float' }),
  },
  {
    path: '/v1/responses',
    right: (model: string) => ({
      model,
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }],
      max_output_tokens: 2,
      tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
      text: { format: { type: 'text' } },
      metadata: { a: 'b' },
      store: false,
    }),
  },
].map((route) => ({ ...route, isError: hasText('error', 'message') }));

const ANTHROPIC: readonly Route[] = ['/v1/messages', '/anthropic/v1/messages'].map((path) => ({
  path,
  right: (model: string) => ({
    model,
    max_tokens: 2,
    system: [{ type: 'text', text: 'Be brief.' }],
    messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }],
    tools: [{ name: 'f', input_schema: { type: 'object' } }],
    metadata: { user_id: 'x' },
  }),
  isError: hasText('error', 'message'),
}));

const OLLAMA: readonly Route[] = [
  {
    path: '/api/chat',
    right: (model: string) => ({
      model,
      messages: [MESSAGE],
      options: { num_predict: 2, stop: ['x'] },
      tools: [TOOL],
    }),
  },
  {
    path: '/api/generate',
    right: (model: string) => ({ model, prompt: 'Hi', options: { num_predict: 2 }, stream: false }),
  },
  { path: '/api/embed', right: (_: string, model: string) => ({ model, input: ['Hi'], truncate: true }) },
  { path: '/api/show', right: (model: string) => ({ model, verbose: true }) },
  { path: '/api/copy', right: (model: string) => ({ source: model, destination: 'ai/copy:1' }) },
  { path: '/api/pull', right: (model: string) => ({ model, stream: false }) },
].map((route) => ({ ...route, isError: hasText('error') }));

const NATIVE: readonly Route[] = [
  { path: '/models/create', right: (model: string) => ({ from: model }) },
  { path: '/engines/unload', right: () => ({ all: false, models: ['nobody/knows'] }) },
  {
    path: '/engines/_configure',
    right: (model: string) => ({
      model,
      'context-size': 2048,

      keep_alive: '10m',
    }),
  },
  { path: '/engines/install-backend', right: () => ({ backend: 'llama.cpp' }) },
].map((route) => ({ ...route, isError: (text: string) => /\S \S/.test(text) && !/\n\s+at /.test(text) }));

const ROUTES: readonly Route[] = [...OPENAI, ...ANTHROPIC, ...OLLAMA, ...NATIVE];

let url = '';
let model = '';
let embedder = '';
beforeAll(async () => {
  url = shared.cluster.gateway().url;
  model = (await shared.pulled('scripted')).reference;
  embedder = (await shared.pulled('embedding')).reference;
});

/** Whether a JSON object has text at the end of these members. */
function hasText(...members: readonly string[]): (text: string) => boolean {
  return (text) => {
    let at: unknown = JSON.parse(text);
    for (const member of members) at = (at as Record<string, unknown>)[member];
    return typeof at === 'string' && at !== '';
  };
}

async function send(route: Route, body: Buffer) {
  const response = await fetch(`${url}${route.path}`, {
    method: route.method ?? 'POST',
    headers: { 'content-type': 'application/json' },
    body: new Uint8Array(body),
    signal: AbortSignal.timeout(30_000),
  });
  return { status: response.status, text: await response.text() };
}

/** Bytes of memory that the gateway has. */
async function memory(): Promise<number> {
  const status = await readFile(`/proc/${shared.cluster.gateway().pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
}

describe('hostile bodies', () => {
  let after = 0;

  it.each(ROUTES)('$path takes a body that is right', async (route) => {
    const { status, text } = await send(route, Buffer.from(JSON.stringify(route.right(model, embedder))));
    expect({ status, text }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) });
  });

  it.each(ROUTES)('$path answers each with success or an error of its dialect', async (route) => {
    const { pid } = shared.cluster.gateway();
    const wrong: unknown[] = [];
    for (const body of hostileBodies(route.right(model, embedder), BODIES_A_ROUTE, SEED)) {
      const { status, text } = await send(route, body);
      const fine = status < 300 || (status < 500 && route.isError(text));
      if (!fine) wrong.push({ status, text: text.slice(0, 300), body: body.toString('utf8', 0, 300) });
    }
    expect(wrong).toEqual([]);
    expect(shared.cluster.gateway().pid).toBe(pid);
    if (after === 0 && ROUTES.indexOf(route) >= ROUTES.length / 4) after = await memory();
  });

  it('leave the gateway as it was: it answers, and has no more memory', async () => {
    const body = { model, messages: [MESSAGE], max_tokens: 2 };
    expect(await requestJson({ url: `${url}/v1/chat/completions`, body })).toMatchObject({ status: 200 });
    expect(after).toBeGreaterThan(0);
    await eventually(memory, (bytes) => bytes - after < FLAT, {
      within: 30_000,
      what: 'the gateway to have no more memory than after the first bodies',
    });
  });
});
