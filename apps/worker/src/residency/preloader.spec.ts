import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CatalogueModel } from '#contracts';
import { Logger } from '#observability';
import { modeOf, Preloader } from './preloader.js';
import type { SessionIdentity } from './resident-session.js';

const ID = `sha256:${'a'.repeat(64)}`;
const identity = { modelId: ID, mode: 'completion' } as const;

function bench({ canRun = true, failures = 0 } = {}) {
  const known = new Map<string, CatalogueModel>();
  const loaded: [SessionIdentity, string | undefined][] = [];
  let left = failures;
  const preloader = new Preloader({
    references: ['a', 'b'],
    catalogue: { find: async (reference) => known.get(reference) },
    residency: () => ({
      ensure: async (wanted, reference) => {
        loaded.push([wanted, reference]);
        if (left-- > 0) throw new Error('no');
      },
    }),
    canRun: async () => canRun,
    logger: new Logger({ level: 'error', format: 'json', write: () => undefined }),
  });
  const model = { id: ID, tags: [], created: 0, config: {}, size: 0, origin: '' };
  return { preloader, loaded, appear: () => known.set('a', model) };
}

afterEach(() => void vi.useRealTimers());

describe('models that are to be at hand', () => {
  it('are loaded and kept once the cluster knows them', async () => {
    vi.useFakeTimers();
    const { preloader, loaded, appear } = bench();
    preloader.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toEqual([]);
    appear();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toEqual([[identity, 'a']]);
    expect(preloader.pinned(identity)).toBe(true);
    expect(preloader.pinned({ ...identity, mode: 'embedding' })).toBe(false);
    preloader.stop();
  });

  it('are loaded again after a while when that has failed, and when their engine has died as soon as it may be', async () => {
    vi.useFakeTimers();
    const { preloader, loaded, appear } = bench({ failures: 1 });
    appear();
    preloader.start();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(loaded).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toHaveLength(2);
    preloader.lost({ ...identity, mode: 'embedding' });
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toHaveLength(2);
    preloader.lost(identity);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(loaded).toHaveLength(3);
    preloader.lost(identity, 30_000);
    await vi.advanceTimersByTimeAsync(29_000);
    expect(loaded).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toHaveLength(4);
    preloader.stop();
  });

  it('are left where there is no engine for them', async () => {
    vi.useFakeTimers();
    const { preloader, loaded, appear } = bench({ canRun: false });
    appear();
    preloader.start();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(loaded).toEqual([]);
    expect(preloader.pinned(identity)).toBe(false);
    preloader.stop();
  });

  it('embed when they are encoders', () => {
    expect(modeOf({ config: { architecture: 'nomic-bert' } })).toBe('embedding');
    expect(modeOf({ config: { architecture: 'llama' } })).toBe('completion');
    expect(modeOf({ config: {} })).toBe('completion');
  });
});
