import { expect, it } from 'vitest';
import { checkContract, LoadEvent } from '#contracts';
import type { Whereabouts } from '../completions/whereabouts.js';
import { describeWait } from './describe-wait.js';

const load = (members: Partial<LoadEvent>): LoadEvent =>
  checkContract(LoadEvent, {
    version: 1,
    workerId: 'w1',
    variant: 'cpu',
    modelId: `sha256:${'a'.repeat(64)}`,
    mode: 'completion',
    stage: 'waiting',
    ...members,
  });

it.each<[Whereabouts, LoadEvent | undefined, string]>([
  [
    { state: 'queued', position: 3, eta: 4.21 },
    undefined,
    'Waiting in the queue: number 3 in line, about 4 s to go.',
  ],
  [
    { state: 'queued', position: 1, eta: 0.2 },
    undefined,
    'Waiting in the queue: next in line, about 1 s to go.',
  ],
  [{ state: 'queued', position: 2 }, undefined, 'Waiting in the queue: number 2 in line.'],
  [{ state: 'loading' }, undefined, 'Waiting for the model to load…'],
  [{ state: 'loading' }, load({ stage: 'waiting' }), 'Waiting for the model to load…'],
  [{ state: 'loading' }, load({ stage: 'starting' }), 'Loading the model…'],
  [
    { state: 'loading' },
    load({ stage: 'fetching', completed: 3 * 1024 * 1024, total: 268_800_000 }),
    'Fetching the model: 3.0 of 256.3 MiB.',
  ],
  [{ state: 'running' }, undefined, 'Reading the prompt…'],
  [{ state: 'waiting' }, undefined, 'Waiting for a worker…'],
])('says of %j, with %j: %s', (place, event, sentence) => {
  expect(describeWait(place, event)).toBe(sentence);
});
