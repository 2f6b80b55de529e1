import { readdirSync, readFileSync } from 'node:fs';

/**
 * The files in `/dev/shm` that processes of a group have mapped. They outlive processes that are killed, and take
 * memory until the machine restarts. Empty where the system has no such folder.
 */
export function sharedMemoryOf(processGroup: number): readonly string[] {
  const members = processIds().filter((pid) => groupIn(readQuietly(`/proc/${pid}/stat`)) === processGroup);
  return [...new Set(members.flatMap((pid) => sharedFilesIn(readQuietly(`/proc/${pid}/maps`))))];
}

/** From the text of `/proc/PID/stat`, in which the name of the program, in brackets, may hold anything. */
export function groupIn(stat: string): number | undefined {
  const [, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return group === undefined ? undefined : Number(group);
}

/** From the text of `/proc/PID/maps`. Files that are deleted already are left out. */
export function sharedFilesIn(maps: string): string[] {
  return [...maps.matchAll(/ (\/dev\/shm\/[^\n/]+)$/gm)]
    .map(([, path = '']) => path)
    .filter((path) => !path.endsWith(' (deleted)'));
}

function processIds(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}

/** Empty when the process is gone or is somebody else's. */
function readQuietly(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
