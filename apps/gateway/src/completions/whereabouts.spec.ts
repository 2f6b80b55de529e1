import { describe, expect, it } from 'vitest';
import { QUEUE, session, worker } from './__fixtures__/announce.js';
import { supplyOf } from './drain-rate.js';
import { whereaboutsOf, type Sighting } from './whereabouts.js';

const busy = worker([session({ slots: 2, busy: 2, drainRate: 2 })]);

function look(sighting: Partial<Sighting>, workers = [busy]): unknown {
  return whereaboutsOf(
    { ahead: undefined, workerId: undefined, ...sighting },
    supplyOf(QUEUE, workers),
    workers,
  );
}

describe('whereaboutsOf', () => {
  it('counts places from 1 and says how long they are likely to take', () => {
    expect(look({ ahead: 2 })).toEqual({ state: 'queued', position: 3, eta: 1.5 });
  });

  it('says that the model is loading while no worker has it ready', () => {
    expect(look({ ahead: 2 }, [worker([session({ state: 'loading' })])])).toEqual({ state: 'loading' });
    expect(look({ ahead: 0 }, [worker([])])).toEqual({ state: 'loading' });
  });

  it('waits while there is no worker at all', () => {
    expect(look({ ahead: 2 }, [])).toEqual({ state: 'waiting' });
  });

  it('is running once it left the queue, and while its worker is alive', () => {
    expect(look({})).toEqual({ state: 'running' });
    expect(look({ workerId: 'w1' })).toEqual({ state: 'running' });
  });

  it('waits for another worker when its own is gone or has given it back', () => {
    expect(look({ workerId: 'w2' })).toEqual({ state: 'waiting' });
    expect(look({ workerId: 'w1', ahead: 0 })).toEqual({ state: 'waiting' });
  });
});
