import { fork, type ChildProcess } from 'node:child_process';
import type { Environment } from '#config';

/**
 * Starts a program of ours with an IPC channel, by which it says when it is ready and notices our death. It gets a
 * process group of its own, so that Ctrl-C reaches only the launcher, which then ends everything in order.
 */
export function forkProgram(entry: string, environment: Environment): ChildProcess {
  return fork(entry, [], {
    env: { ...environment },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: true,
  });
}

/** Resolves at the message `{ type: 'ready' }`. */
export async function whenProgramReady(child: ChildProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    child.on('message', (message) => {
      if (typeof message === 'object' && 'type' in message && message.type === 'ready') resolve();
    });
  });
}

/** `base` with `own` on top, where a variable of `own` also replaces its `NAME_FILE`. */
export function childEnvironment(base: Environment, own: Readonly<Record<string, string>>): Environment {
  const kept = Object.entries(base).filter(([name]) => !(name.replace(/_FILE$/, '') in own));
  return { ...Object.fromEntries(kept), ...own };
}
