import { expect, it } from 'vitest';
import { pulseIn } from './process-pulse.js';

const stat = (pid: number, state: string, group: number, [faults, user, system]: readonly number[]): string =>
  `${pid} (VLLM) :: (Worker) ${state} 1 ${group} 20 0 -1 4194304 900 800 ${faults} 700 ${user} ${system} 600 500 20 0 4 0 88\n`;

it('adds up what the processes of a group have computed and read', () => {
  const texts = [
    stat(20, 'S', 20, [1, 20, 300]),
    stat(21, 'R', 20, [0, 4_000, 0]),
    stat(9, 'T', 9, [7, 7, 7]),
  ];
  expect(pulseIn(texts, 20)).toEqual({ work: 4_321, halted: false });
});

it('sees that one of them was stopped, or that the first has ended', () => {
  const living = stat(20, 'S', 20, [0, 0, 0]);
  expect(pulseIn([living, stat(21, 'T', 20, [0, 0, 0])], 20)?.halted).toBe(true);
  expect(pulseIn([stat(20, 'Z', 20, [0, 0, 0])], 20)?.halted).toBe(true);
  expect(pulseIn([living, stat(21, 'Z', 20, [0, 0, 0])], 20)?.halted).toBe(false);
});

it('says nothing of a group that is gone', () => {
  expect(pulseIn([stat(9, 'R', 9, [0, 0, 0]), ''], 20)).toBeUndefined();
});
