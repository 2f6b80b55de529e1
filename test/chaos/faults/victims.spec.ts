import { describe, expect, it } from 'vitest';
import type { ClusterWorker } from '#testing';
import { Flight } from '../client/flight.js';
import type { Recipe } from '../load/recipes.js';
import { seededRandom } from '../random.js';
import type { FaultScene } from './fault.js';
import { busiestWorker } from './victims.js';

const LONG_AGO = 1;

function worker(workerId: string, startedAt = LONG_AGO): ClusterWorker {
  return { workerId, name: workerId, startedAt } as ClusterWorker;
}

/** A stream that has begun. */
function stream(workerId: string, workerKnownAt: number): Flight {
  const flight = new Flight({ name: 'text', stream: true } as Recipe, 'key', 0);
  Object.assign(flight, { workerId, workerKnownAt });
  flight.reader.add(Buffer.from('data: {}\n\n'), workerKnownAt);
  return flight;
}

function scene(workers: readonly ClusterWorker[], open: readonly Flight[]): FaultScene {
  return {
    chaos: { workers: () => workers },
    load: { open },
    random: seededRandom(1),
  } as unknown as FaultScene;
}

describe('the busiest worker', () => {
  it('has most of the streams that are open', () => {
    const workers = [worker('one'), worker('two'), worker('three')];
    const open = [stream('one', 10), stream('two', 10), stream('two', 11)];
    expect(busiestWorker(scene(workers, open)).workerId).toBe('two');
  });

  it('is not one that took the name of a dead one, whose streams went on elsewhere', () => {
    const workers = [worker('one'), worker('two', 20)];
    const open = [stream('one', 10), stream('two', 10), stream('two', 11)];
    expect(busiestWorker(scene(workers, open)).workerId).toBe('one');
  });

  it('is one of those that are eligible', () => {
    const [idle, busy] = [worker('one'), worker('two')];
    expect(busiestWorker(scene([idle, busy], [stream('two', 10)]), [idle])).toBe(idle);
  });
});
