import { EMBEDDING_CONTEXT, EMBEDDING_DIMENSIONS, fixtureModel, makeTemporaryFolder } from '#testing';
import { expect, it } from 'vitest';
import { installedLlamaServer } from '../__contract__/installed-llama-server.js';
import type { EngineSession } from '../engine.js';
import { LlamaServerEngine } from './llama-server-engine.js';

const { signal } = new AbortController();

async function withEmbeddingSession(test: (session: EngineSession) => Promise<void>): Promise<void> {
  const folder = await makeTemporaryFolder('embed');
  // A setting for llama-server in our own environment must not reach it.
  const environment = { ...process.env, LLAMA_ARG_N_PARALLEL: '7', LLAMA_API_KEY: 'secret' };
  const engine = new LlamaServerEngine({ binary: installedLlamaServer(), environment });
  const session = await engine.start(
    {
      servedName: 'ai/embed',
      mode: 'embedding',
      files: { format: 'gguf', weights: await fixtureModel('embedding') },
      contextSize: EMBEDDING_CONTEXT,
      slots: 2,
      threads: 1,
      runDirectory: folder.path,
      log: () => undefined,
    },
    signal,
  );
  try {
    await test(session);
  } finally {
    await session.stop(1_000);
    await folder.remove();
  }
}

async function embed(session: EngineSession, input: unknown) {
  const body = JSON.stringify({ input });
  const response = await session.call({ route: '/v1/embeddings', body, signal });
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  if (response.status !== 200) throw new Error(`The engine answered ${response.status}: ${text}`);
  return JSON.parse(text) as { data: { embedding: number[] }[]; usage: { prompt_tokens: number } };
}

it('embeds several inputs, and one as long as a slot', async () => {
  await withEmbeddingSession(async (session) => {
    const { data } = await embed(session, ['hello', 'world']);
    expect(data.map(({ embedding }) => embedding.length)).toEqual([
      EMBEDDING_DIMENSIONS,
      EMBEDDING_DIMENSIONS,
    ]);
    const longest = Array.from({ length: EMBEDDING_CONTEXT - 8 }, () => 'a').join(' ');
    const { usage } = await embed(session, longest);
    expect(usage.prompt_tokens).toBeGreaterThan(EMBEDDING_CONTEXT / 2);
  });
});
