import { describe, expect, it } from 'vitest';
import { eventually } from './eventually.js';

describe('eventually', () => {
  it('returns the first value that is accepted', async () => {
    let looks = 0;
    expect(
      await eventually(
        () => ++looks,
        (value) => value === 3,
        { every: 1 },
      ),
    ).toBe(3);
  });

  it('takes a look that throws for a no', async () => {
    let looks = 0;
    const look = (): string => {
      if (++looks < 3) throw new Error('not yet');
      return 'there';
    };
    expect(await eventually(look, Boolean, { every: 1 })).toBe('there');
  });

  it('shows the last value when it gives up', async () => {
    await expect(
      eventually(
        () => ({ ships: 2 }),
        () => false,
        { within: 5, what: 'a third ship' },
      ),
    ).rejects.toThrow('Waited in vain for a third ship for 5 ms; last seen: { ships: 2 }.');
  });

  it('has the last failure as its cause when it gives up', async () => {
    const failure = new Error('no harbour');
    const vain = eventually(() => Promise.reject(failure), Boolean, { within: 5 });
    await expect(vain).rejects.toMatchObject({ cause: failure });
  });
});
