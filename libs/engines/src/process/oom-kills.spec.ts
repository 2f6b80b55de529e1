import { expect, it } from 'vitest';
import { oomKillsIn } from './oom-kills.js';

it('finds how often the system killed for want of memory', () => {
  expect(oomKillsIn('pgmajfault 12\noom_kill 3\nunevictable_pgs_culled 9\n')).toBe(3);
  expect(oomKillsIn('pgmajfault 12\n')).toBe(0);
});
