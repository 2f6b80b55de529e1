import { expect, it } from 'vitest';
import { groupIn, sharedFilesIn } from './shared-memory.js';

it('reads the process group behind a name with spaces and brackets', () => {
  expect(groupIn('4541 (VLLM) :: (Worker) S 4151 2380 2380 0 -1')).toBe(2380);
  expect(groupIn('')).toBeUndefined();
});

it('finds the files in shared memory that are still there', () => {
  const maps = [
    '7f1 rw-s 00000000 00:1b 12 /dev/shm/psm_77502117',
    '7f2 rw-s 00000000 00:1b 13 /dev/shm/sem.mp-avkyad2h',
    '7f3 rw-s 00000000 00:1b 14 /dev/shm/gone (deleted)',
    '7f4 r-xp 00000000 08:01 15 /usr/lib/libc.so.6',
    '7f5 rw-p 00000000 00:00 0 [heap]',
    '',
  ];
  expect(sharedFilesIn(maps.join('\n'))).toEqual(['/dev/shm/psm_77502117', '/dev/shm/sem.mp-avkyad2h']);
});
