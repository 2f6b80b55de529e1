import { spawn, type ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';

export interface Command {
  readonly program: string;
  readonly arguments: readonly string[];
  /** The whole environment of the process: nothing of ours is added. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface GuardedProcess {
  readonly child: ChildProcess;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Kills the process and everything it started. Also right after its end, to collect the guard and grandchildren. */
  readonly killGroup: () => void;
}

/**
 * The shell becomes the program (so the process id is the program's) and leaves a subshell behind that reads a pipe
 * from us. When we die, however we die, the pipe ends and the subshell kills the process group. It belongs to the
 * group itself, so the group's number cannot be given to anybody else before that.
 */
const GUARD = '{ read -r released <&3; kill -KILL "-$$"; } </dev/null >/dev/null 2>&1 & exec "$@" 3<&-';

/**
 * Starts a program in a process group of its own that dies when this process does, also by SIGKILL. POSIX only; needs
 * nothing but `/bin/sh`. A program that is missing ends with code 127 and one that may not be run with 126.
 */
export function spawnGuarded(command: Command): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', GUARD, 'sh', command.program, ...command.arguments], {
    env: { ...command.environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const guard = child.stdio[3];
  // The guard never writes; an error here only says that it is gone already.
  guard?.on('error', () => undefined);
  if (child.stdout === null || child.stderr === null)
    throw new Error('A piped process has no output streams.');
  const killGroup = (): void => {
    killQuietly(child.pid);
    guard?.destroy();
  };
  return { child, stdout: child.stdout, stderr: child.stderr, killGroup };
}

function killQuietly(processGroup: number | undefined): void {
  if (processGroup === undefined) return;
  try {
    process.kill(-processGroup, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}
