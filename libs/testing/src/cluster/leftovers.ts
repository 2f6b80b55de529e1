import { readdir } from 'node:fs/promises';
import { eventually } from '../eventually.js';
import { listProcesses, type ProcessEntry } from '../processes.js';

/** What the kernel of a busy machine needs to end a process that has been killed; ms. */
const GRACE_MS = 20_000;

/**
 * Holds when no process that names the cluster's folder is alive and the run directories of workers that ended in good
 * order are empty. Processes that are left are killed.
 * @throws Error that lists what is left
 */
export async function assertNothingLeft(folder: string, runDirectories: readonly string[]): Promise<void> {
  const problems: string[] = [];
  const gone = (): readonly ProcessEntry[] => processesOf(folder);
  await eventually(gone, (left) => left.length === 0, { within: GRACE_MS }).catch(() => {
    for (const { pid, command } of processesOf(folder)) {
      problems.push(`process ${pid} is left: ${command}`);
      process.kill(pid, 'SIGKILL');
    }
  });
  for (const directory of runDirectories) {
    const entries = await readdir(directory, { recursive: true }).catch(() => []);
    problems.push(...entries.map((entry) => `${directory}/${entry} is left`));
  }
  if (problems.length > 0) throw new Error(`The cluster left something behind:\n${problems.join('\n')}`);
}

/** Engines of a cluster are recognised by the paths on their command lines. */
function processesOf(folder: string): readonly ProcessEntry[] {
  return listProcesses().filter(({ command }) => command.includes(`${folder}/`));
}
