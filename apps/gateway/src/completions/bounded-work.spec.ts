import { expect, it } from 'vitest';
import { BoundedWork } from './bounded-work.js';

it('never runs more tasks at once than it may, and all of them, also when some fail', async () => {
  const work = new BoundedWork(3);
  let running = 0;
  let most = 0;
  const tasks = Array.from({ length: 20 }, (_, index) =>
    work.run(async () => {
      running++;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (index % 5 === 0) throw new Error('failed');
      return index;
    }),
  );
  const settled = await Promise.allSettled(tasks);
  expect(most).toBe(3);
  expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(16);
  expect(await work.run(async () => 'free again')).toBe('free again');
});
