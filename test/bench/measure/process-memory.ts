import { readFileSync } from 'node:fs';

/**
 * The most memory a process has had resident so far; bytes, 0 once it has ended. Unlike `ru_maxrss` it does not begin
 * with what the parent had when it forked.
 */
export function peakMemory(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/VmHWM:\s+(\d+) kB/.exec(text)?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}
