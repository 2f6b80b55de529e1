import { readFileSync } from 'node:fs';

/** The kernel counts CPU time in ticks of this length; ms. */
const TICK_MS = 10;

/** CPU that a process has used since it began, all threads, user and kernel; ms. 0 once it has ended. */
export function processCpu(pid: number): number {
  const text = read(`/proc/${pid}/stat`);
  // What follows the program's name, which may hold anything, begins with field 3.
  const fields = text.slice(text.lastIndexOf(') ') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) * TICK_MS;
}

/** CPU that the whole machine has used since it began, its hypervisor's share included; ms. */
export function machineCpu(): number {
  const [user, nice, system, , , irq, softIrq, steal] = read('/proc/stat')
    .slice('cpu '.length, 256)
    .trim()
    .split(/\s+/)
    .map(Number);
  const busy = [user, nice, system, irq, softIrq, steal].map((ticks) => ticks ?? 0);
  return busy.reduce((sum, ticks) => sum + ticks, 0) * TICK_MS;
}

/** Resident memory of a process; bytes. */
export function residentMemory(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1_024;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
