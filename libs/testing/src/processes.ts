import { readdirSync, readFileSync } from 'node:fs';

/** A process as `/proc` shows it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** Program and arguments, joined by spaces. */
  readonly command: string;
}

/** True while the process runs; a zombie has ended. */
export function isAlive(pid: number): boolean {
  const status = readStatus(pid);
  return status !== undefined && status.state !== 'Z' && status.state !== 'X';
}

/** Children, their children and so on of a process, living ones only, parents before children. Linux only. */
export function descendantsOf(pid: number): readonly ProcessEntry[] {
  const all = listProcesses();
  const found: ProcessEntry[] = [];
  for (let parents = [pid]; parents.length > 0;) {
    const children = all.filter((entry) => parents.includes(entry.parent));
    found.push(...children);
    parents = children.map((entry) => entry.pid);
  }
  return found;
}

/** All living processes of this machine. Linux only. */
export function listProcesses(): readonly ProcessEntry[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const status = readStatus(Number(name));
      if (status === undefined || status.state === 'Z' || status.state === 'X') return [];
      return [{ pid: Number(name), parent: status.parent, command: readCommand(name) }];
    });
}

function readStatus(pid: number): { readonly state: string; readonly parent: number } | undefined {
  const text = read(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses and may hold anything, so what follows is read from its end.
  const match = /\) (\S) (\d+) /.exec(text.slice(text.lastIndexOf(') ')));
  return match === null ? undefined : { state: match[1] ?? '', parent: Number(match[2]) };
}

function readCommand(pid: string): string {
  return read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim();
}

/** Nothing when the process has gone meanwhile. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
