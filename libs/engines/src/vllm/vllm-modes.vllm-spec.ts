import {
  EMBEDDING_CONTEXT,
  EMBEDDING_DIMENSIONS,
  fixtureFolder,
  makeTemporaryFolder,
  type TemporaryFolder,
} from '#testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeReranking } from '../__contract__/reranking-contract.js';
import type { EngineSession, ModelFiles } from '../engine.js';
import { withInstalledVllm } from '../__contract__/installed-vllm.js';
import type { VllmEngine } from './vllm-engine.js';

const { signal } = new AbortController();

/** Nothing is compiled for models this small. */
const EAGER = { flags: ['--enforce-eager'] };

const filesOf = async (name: 'embedding' | 'reranker'): Promise<ModelFiles> => ({
  format: 'safetensors',
  weights: await fixtureFolder(name),
});

withInstalledVllm((engine) => {
  describeEmbedding(engine);
  describeReranking('vLLM', {
    createEngine: () => engine,
    files: () => filesOf('reranker'),
    contextSize: EMBEDDING_CONTEXT,
    settings: EAGER,
  });
});

function describeEmbedding(engine: VllmEngine): void {
  describe('vLLM embeds', () => {
    let folder: TemporaryFolder;
    let session: EngineSession;
    let stop = async (): Promise<void> => undefined;

    beforeAll(async () => {
      folder = await makeTemporaryFolder('embed');
      session = await engine.start(
        {
          servedName: 'ai/embed',
          mode: 'embedding',
          files: await filesOf('embedding'),
          settings: EAGER,
          contextSize: EMBEDDING_CONTEXT,
          slots: 2,
          threads: 1,
          runDirectory: folder.path,
          log: () => undefined,
        },
        signal,
      );
      stop = () => session.stop(1_000);
    });
    afterAll(async () => {
      await stop();
      await folder?.remove();
    });

    it('several inputs, equal ones alike, and one as long as a slot', async () => {
      const { data, model } = await embed(session, ['hello', 'world', 'hello']);
      expect(model).toBe('ai/embed');
      const vectors = data.map(({ embedding }) => embedding);
      expect(vectors.map((vector) => vector.length)).toEqual(Array(3).fill(EMBEDDING_DIMENSIONS));
      const difference = (one = 0, other = 0): number =>
        Math.max(
          ...(vectors[one] ?? []).map((value, index) => Math.abs(value - (vectors[other]?.[index] ?? 9))),
        );
      expect(difference(0, 2)).toBeLessThan(0.01);
      expect(difference(0, 1)).toBeGreaterThan(0.05);
      const longest = Array.from({ length: EMBEDDING_CONTEXT - 8 }, () => 'a').join(' ');
      const { usage } = await embed(session, longest);
      expect(usage.prompt_tokens).toBeGreaterThan(EMBEDDING_CONTEXT / 2);
    });
  });
}

interface Embedded {
  readonly model: string;
  readonly data: readonly { readonly embedding: readonly number[] }[];
  readonly usage: { readonly prompt_tokens: number };
}

async function embed(session: EngineSession, input: unknown): Promise<Embedded> {
  const body = JSON.stringify({ model: 'any/spelling', input });
  const response = await session.call({ route: '/v1/embeddings', body, signal });
  const text = (await response.body.setEncoding('utf8').toArray()).join('');
  if (response.status !== 200) throw new Error(`The engine answered ${response.status}: ${text}`);
  return JSON.parse(text) as Embedded;
}
