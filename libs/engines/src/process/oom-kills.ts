import { readFileSync } from 'node:fs';

/** Programs this system has killed since its start because it ran out of memory; 0 where it does not say. */
export function countOomKills(): number {
  try {
    return oomKillsIn(readFileSync('/proc/vmstat', 'utf8'));
  } catch {
    return 0;
  }
}

/** From the text of `/proc/vmstat`. */
export function oomKillsIn(statistics: string): number {
  return Number(/^oom_kill (\d+)$/m.exec(statistics)?.[1] ?? 0);
}
