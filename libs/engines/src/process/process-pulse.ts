import { readdir, readFile } from 'node:fs/promises';

/** What the system tells of a group of processes. */
export interface ProcessPulse {
  /**
   * What it has done so far: time computed, in hundredths of a second, and pages read from disk. Only its change says
   * something; it may also become less, when one of the processes ends.
   */
  readonly work: number;
  /** One of them was stopped by a signal, or the first has ended and is not gone. */
  readonly halted: boolean;
}

/** @returns undefined when the system does not tell, or the group is gone */
export async function pulseOf(processGroup: number): Promise<ProcessPulse | undefined> {
  const names = await readdir('/proc').catch(() => []);
  const ids = names.filter((name) => /^\d+$/.test(name));
  // The processes of others may end meanwhile.
  const texts = await Promise.all(ids.map((id) => readFile(`/proc/${id}/stat`, 'utf8').catch(() => '')));
  return pulseIn(texts, processGroup);
}

/** From the texts of `/proc/PID/stat`, in which the name of the program, in brackets, may hold anything. */
export function pulseIn(texts: readonly string[], processGroup: number): ProcessPulse | undefined {
  let work: number | undefined;
  let halted = false;
  for (const text of texts) {
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const [state, , group] = fields;
    if (Number(group) !== processGroup) continue;
    const [majorFaults, userTime, systemTime] = [fields[9], fields[11], fields[12]].map(Number);
    work = (work ?? 0) + (majorFaults ?? 0) + (userTime ?? 0) + (systemTime ?? 0);
    const isFirst = Number.parseInt(text, 10) === processGroup;
    halted ||= state === 'T' || (isFirst && state === 'Z');
  }
  return work === undefined ? undefined : { work, halted };
}
