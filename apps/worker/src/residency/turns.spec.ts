import { expect, it } from 'vitest';
import { Turns } from './turns.js';

const never = new AbortController().signal;

it('lets one after the other pass, in the order of asking', async () => {
  const turns = new Turns();
  const passed: number[] = [];
  const ends = [1, 2, 3].map(async (number) => {
    const end = await turns.take(never);
    passed.push(number);
    return end;
  });
  const first = await ends[0];
  await new Promise((resolve) => setImmediate(resolve));
  expect(passed).toEqual([1]);
  first?.();
  (await ends[1])?.();
  await ends[2];
  expect(passed).toEqual([1, 2, 3]);
});

it('passes over those that have given up', async () => {
  const turns = new Turns();
  const end = await turns.take(never);
  const abort = new AbortController();
  const given = turns.take(abort.signal);
  const next = turns.take(never);
  abort.abort(new Error('enough'));
  await expect(given).rejects.toThrow('enough');
  end();
  await expect(next).resolves.toBeTypeOf('function');
});
