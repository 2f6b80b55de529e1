import { Readable, Writable } from 'node:stream';
import { runCommandLine } from '../command-line.js';
import type { OutputStream } from '../command-context.js';
import { Interruption } from '../interruption.js';

export interface Run {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface RunOptions {
  readonly environment?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Told of each piece of stdout, for example to interrupt. */
  readonly onOutput?: (text: string, interruption: Interruption) => void;
}

/** Runs one command in this process, with an environment and streams of its own. */
export async function runLongshore(args: readonly string[], options: RunOptions = {}): Promise<Run> {
  const { environment = {}, stdin = '', onOutput } = options;
  const interruption = new Interruption();
  const told = { out: '', error: '' };
  const stream = (name: 'out' | 'error'): OutputStream =>
    new Writable({
      write(chunk: Buffer, _, done) {
        told[name] += chunk.toString();
        onOutput?.(chunk.toString(), interruption);
        done();
      },
    });
  const code = await runCommandLine(args, undefined, {
    environment,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout: stream('out'),
    stderr: stream('error'),
    interruption,
  });
  return { code, ...told };
}
