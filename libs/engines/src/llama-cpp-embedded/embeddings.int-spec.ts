import { EMBEDDING_DIMENSIONS, fixtureModel, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineSession, SessionSpec } from '../engine.js';
import { post, type PostedAnswer } from './__support__/post.js';
import { EmbeddedLlamaEngine } from './embedded-llama-engine.js';

describe('EmbeddedLlamaEngine loaded for embeddings', () => {
  const engine = new EmbeddedLlamaEngine({ environment: process.env, gpu: 'off' });
  let folder: TemporaryFolder;
  let embedder: EngineSession;

  async function load(
    servedName: string,
    weights: string,
    mode: SessionSpec['mode'] = 'embedding',
  ): Promise<EngineSession> {
    const spec = {
      modelId: `sha256:${'a'.repeat(64)}`,
      servedName,
      mode,
      files: { format: 'gguf', weights },
      slots: 2,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    } as const;
    return engine.start(spec, new AbortController().signal);
  }

  beforeAll(async () => {
    folder = await makeTemporaryFolder('emb');
    embedder = await load('ai/bert', await fixtureModel('embedding'));
  });
  afterAll(async () => {
    await embedder.stop(1_000);
    await folder.remove();
  });

  const embed = (body: object) => post(embedder, '/v1/embeddings', body);
  const vectorsIn = ({ answer }: { answer: PostedAnswer }): readonly number[][] =>
    (answer.data ?? []).map(({ embedding }) => embedding as number[]);

  it('gives one unit vector for each input, the same for the same text', async () => {
    const embedded = await embed({ input: ['hello world', 'hello', 'hello world'] });
    expect(embedded.answer.model).toBe('ai/bert');
    expect(embedded.answer.usage?.prompt_tokens).toBeGreaterThan(3);
    const [first, second, third] = vectorsIn(embedded);
    expect(first).toHaveLength(EMBEDDING_DIMENSIONS);
    expect(Math.hypot(...(first ?? []))).toBeCloseTo(1, 6);
    expect(third).toEqual(first);
    expect(second).not.toEqual(first);
  });

  it('writes base64 that holds the same numbers', async () => {
    const [floats = []] = vectorsIn(await embed({ input: 'hello' }));
    const { answer } = await embed({ input: 'hello', encoding_format: 'base64' });
    const bytes = Buffer.from(String(answer.data?.[0]?.embedding), 'base64');
    expect(bytes).toHaveLength(4 * EMBEDDING_DIMENSIONS);
    for (const [index, value] of floats.entries()) expect(bytes.readFloatLE(index * 4)).toBeCloseTo(value, 6);
  });

  it('answers many requests at once without mixing them up', async () => {
    const texts = Array.from({ length: 12 }, (_, index) => 'hello '.repeat(index + 1));
    const together = await Promise.all(texts.map((input) => embed({ input })));
    const oneByOne = vectorsIn(await embed({ input: texts }));
    expect(together.map((one) => vectorsIn(one)[0])).toEqual(oneByOne);
    expect(new Set(oneByOne.map((vector) => vector.join())).size).toBeGreaterThan(1);
  });

  it('refuses an input that does not fit, with the counts, and a chat', async () => {
    const tooLong = await embed({ input: 'hello '.repeat(5_000) });
    expect(tooLong.answer.error).toMatchObject({ code: 400, type: 'exceed_context_size_error' });
    const chat = await post(embedder, '/v1/chat/completions', { messages: [] });
    expect(chat.answer.error).toMatchObject({ code: 501 });
  });

  it('refuses to embed with a model that does not say how', async () => {
    const other = await load('ai/scripted', await fixtureModel('scripted'));
    const { status, answer } = await post(other, '/v1/embeddings', { input: 'hello' });
    expect(status).toBe(400);
    expect(answer.error?.message).toContain('does not say how to make one vector of a text');
    await other.stop(1_000);
  });

  it.each([
    ['/v1/chat/completions', { messages: [{ role: 'user', content: 'hello' }] }],
    ['/v1/completions', { prompt: 'hello' }],
  ])('refuses to generate with a model that only embeds, at %s', async (route, body) => {
    const other = await load('ai/bert', await fixtureModel('embedding'), 'completion');
    const { status, answer } = await post(other, route, body);
    expect(status).toBe(400);
    expect(answer.error?.message).toBe('This model cannot generate text: it is one that embeds or ranks.');
    await other.stop(1_000);
  });
});
