import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { HolderEvent, HolderOrder } from './holder.js';

/** A process that consumes a queue. It dies with us, also while it is stopped. */
export interface Holder {
  /** What it has told so far. */
  readonly events: readonly HolderEvent[];
  readonly workerId: string;
  tell(order: HolderOrder): void;
  /** `SIGSTOP` and `SIGCONT` return at once. */
  signal(signal: NodeJS.Signals): void;
  /** Ends it with SIGKILL; gone on return. May be called again. */
  kill(): Promise<void>;
}

export interface HolderOptions {
  readonly url: string;
  readonly namespace: string;
  readonly queue: string;
  /** Jobs held at once; 1 by default. */
  readonly slots?: number;
}

const PROGRAM = fileURLToPath(new URL('./holder.mjs', import.meta.url));

/** Resolves when it consumes. */
export async function startHolder({ url, namespace, queue, slots = 1 }: HolderOptions): Promise<Holder> {
  const program = [process.execPath, PROGRAM, url, namespace, queue, String(slots)];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const exited = once(child, 'exit');
  const events: HolderEvent[] = [];
  child.on('message', (event: HolderEvent) => events.push(event));
  await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error('A holder ended before it was ready.'))),
  ]);
  return {
    events,
    workerId: `holder-${child.pid}`,
    tell: (order) => void child.send(order),
    signal: (signal) => void child.kill(signal),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
