import { readFileSync } from 'node:fs';

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks from boot to its start; empty where the system does not tell. */
  readonly started: string;
}

export function identify(pid: number): ProcessIdentity {
  return { pid, started: readStat(pid)?.started ?? '' };
}

/** False for a process that has ended, also when nobody has collected it yet. */
export function isAlive({ pid, started }: ProcessIdentity): boolean {
  const stat = readStat(pid);
  if (stat) return stat.state !== 'Z' && (started === '' || stat.started === started);
  if (process.platform === 'linux') return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** proc(5): the state is field 3 and the start time field 22; field 2 is in brackets and may hold anything. */
function readStat(pid: number): { state: string; started: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return undefined;
  }
}
