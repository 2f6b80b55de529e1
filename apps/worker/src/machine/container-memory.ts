import { readFile } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';

export interface MemoryFigures {
  /** Bytes. */
  readonly total: number;
  readonly free: number;
}

const CONTROL_GROUP = '/sys/fs/cgroup';

/** The machine's memory, or the part of it that a container may use. */
export async function readMemory(): Promise<MemoryFigures> {
  const machine = { total: totalmem(), free: freemem() };
  const read = (name: string): Promise<string> =>
    readFile(`${CONTROL_GROUP}/${name}`, 'utf8').catch(() => '');
  const [max, current, stat] = await Promise.all(['memory.max', 'memory.current', 'memory.stat'].map(read));
  return withinLimit(machine, { max: max ?? '', current: current ?? '', stat: stat ?? '' });
}

/** What the files of a control group say; empty where there is none. */
export interface ControlGroupFiles {
  readonly max: string;
  readonly current: string;
  readonly stat: string;
}

/** Pages of files count as free: they go when memory is asked for. */
export function withinLimit(
  machine: MemoryFigures,
  { max, current, stat }: ControlGroupFiles,
): MemoryFigures {
  const limit = /^\d+$/.test(max.trim()) ? Number(max) : Infinity;
  if (limit >= machine.total) return machine;
  const cached = Number(/^file (\d+)$/m.exec(stat)?.[1] ?? 0);
  const free = limit - Math.max(0, Number(current) - cached);
  return { total: limit, free: Math.max(0, Math.min(free, machine.free)) };
}
