import { describe, expect, it } from 'vitest';
import type { WorkerAnnouncement } from '#contracts';
import { otherWorker } from './__fixtures__/other-worker.js';
import { neighboursFor } from './neighbours.js';

const ID = `sha256:${'0a'.repeat(32)}`;

const worker = (workerId: string, more: Partial<WorkerAnnouncement> = {}): WorkerAnnouncement =>
  otherWorker({ workerId, models: [ID], storeUrl: `http://${workerId}`, ...more });

const question = { modelId: ID, workerId: 'me', host: 'here' };

function names(workers: readonly WorkerAnnouncement[], random: () => number): string[] {
  return neighboursFor(workers, question, random).map(({ name }) => name);
}

describe('the neighbours of a worker', () => {
  it('are those that have the model and serve it, without itself', () => {
    const { storeUrl: _, ...silent } = worker('silent');
    const workers = [worker('me'), worker('a'), worker('empty', { models: [] }), silent];
    expect(neighboursFor(workers, question, () => 0)).toEqual([{ name: 'a', url: 'http://a' }]);
  });

  it('come from the same host first, and those that stop come last', () => {
    const workers = [
      worker('stopping', { draining: true }),
      worker('far', { host: 'there' }),
      worker('near'),
    ];
    for (const random of [0, 0.5, 0.999]) {
      expect(names(workers, () => random)).toEqual(['near', 'far', 'stopping']);
    }
  });

  it('come in an order that chance decides', () => {
    const numbers = [0.9, 0.1];
    expect(names([worker('a'), worker('b')], () => numbers.shift() ?? 0)).toEqual(['b', 'a']);
  });
});
