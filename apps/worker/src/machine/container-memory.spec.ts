import { describe, expect, it } from 'vitest';
import { withinLimit } from './container-memory.js';

const machine = { total: 1_000, free: 600 };

describe('the memory a container may use', () => {
  it('is that of the machine when there is no limit', () => {
    expect(withinLimit(machine, { max: 'max\n', current: '900\n', stat: '' })).toEqual(machine);
    expect(withinLimit(machine, { max: '', current: '', stat: '' })).toEqual(machine);
    expect(withinLimit(machine, { max: '2000', current: '900', stat: '' })).toEqual(machine);
  });

  it('counts pages of files as free', () => {
    const files = { max: '500\n', current: '450\n', stat: 'anon 100\nfile 300\nkernel 50\n' };
    expect(withinLimit(machine, files)).toEqual({ total: 500, free: 350 });
  });

  it('is never more than the machine has left', () => {
    const files = { max: '900', current: '10', stat: 'file 5' };
    expect(withinLimit(machine, files)).toEqual({ total: 900, free: 600 });
  });
});
