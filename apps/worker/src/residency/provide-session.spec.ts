import { describe, expect, it } from 'vitest';
import type { CatalogueModel } from '#contracts';
import type { ModelLease, StoredModel } from '#models';
import { provideSession, type ProviderParts } from './provide-session.js';

const [MAIN, DRAFT, REMOTE] = ['a', 'b', 'c'].map((digit) => `sha256:${digit.repeat(64)}`);

const order = { signal: new AbortController().signal, onProgress: () => undefined };

function bench({ missing = '' } = {}) {
  const leases: string[] = [];
  const library: ProviderParts['library'] = {
    provide: async (id) => {
      if (id === missing) throw new Error('it is nowhere');
      leases.push(id);
      const files = { format: 'gguf', directory: '/', weights: `/${id}` } as const;
      const lease: ModelLease = { files, release: async () => void leases.splice(leases.indexOf(id), 1) };
      return { model: { id } as StoredModel, lease };
    },
    foundDamage: async () => false,
  };
  const remote: CatalogueModel = {
    id: REMOTE ?? '',
    tags: ['docker.io/ai/far:latest'],
    created: 0,
    config: { format: 'remote' },
    size: 0,
    origin: '',
  };
  const catalogue = { find: async (id: string) => (id === REMOTE ? remote : undefined) };
  return { leases, parts: { library, catalogue, remoteName: () => undefined } };
}

describe('what a session needs', () => {
  const speculative = { draftModelId: DRAFT ?? '', tokens: 4, minimumAcceptance: 0.5 };

  it('is its model and the one that drafts for it, both kept in place until they are released', async () => {
    const { parts, leases } = bench();
    const provision = await provideSession(parts, { ...order, modelId: MAIN ?? '', speculative });
    expect(provision).toMatchObject({
      files: { weights: `/${MAIN}` },
      draft: { files: { weights: `/${DRAFT}` }, tokens: 4, minimumAcceptance: 0.5 },
    });
    expect(leases).toEqual([MAIN, DRAFT]);
    await provision.release();
    expect(leases).toEqual([]);
  });

  it('is given back when the drafting model cannot be had', async () => {
    const { parts, leases } = bench({ missing: DRAFT ?? '' });
    const provided = provideSession(parts, { ...order, modelId: MAIN ?? '', speculative });
    await expect(provided).rejects.toThrow('it is nowhere');
    expect(leases).toEqual([]);
  });

  it('is a name where an attached server has the model, and nothing when it has it no more', async () => {
    const { parts } = bench();
    const far = { ...order, modelId: REMOTE ?? '' };
    const provision = await provideSession({ ...parts, remoteName: () => 'far/away' }, far);
    expect(provision.files).toEqual({ format: 'remote', weights: 'far/away' });
    await expect(provideSession(parts, far)).rejects.toMatchObject({
      code: 'load_failed',
      message: 'The server attached to this worker does not have docker.io/ai/far:latest.',
    });
  });
});
