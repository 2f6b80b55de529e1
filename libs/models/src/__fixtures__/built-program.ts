import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';
import { REPOSITORY, makeTemporaryFolder, type TemporaryFolder } from '#testing';

type Child = ChildProcessByStdio<Writable, Readable, null>;

/** A running program of `store-program.ts`. */
export interface RunningProgram {
  readonly child: Child;
  /** What it has said so far. */
  readonly lines: Record<string, unknown>[];
  /** Resolves with the first line that has a member of this name; rejects when it ends before. */
  heard(member: string): Promise<Record<string, unknown>>;
  /** Ends its input and waits for its end; resolves to its exit code. */
  finish(): Promise<number | null>;
  /** Resolves when nothing is left of it. */
  kill(): Promise<void>;
}

/** `store-program.ts` as one file, because a process that reads the sources takes seconds to start. */
export class BuiltProgram {
  private readonly running = new Set<RunningProgram>();

  private constructor(private readonly folder: TemporaryFolder) {}

  static async build(): Promise<BuiltProgram> {
    const source = ['longshore-source'];
    const folder = await makeTemporaryFolder('program');
    await symlink(join(REPOSITORY, 'node_modules'), join(folder.path, 'node_modules'));
    await build({
      configFile: false,
      logLevel: 'error',
      resolve: { conditions: source },
      ssr: { resolve: { conditions: [...source, 'node', 'import', 'default'] } },
      build: {
        ssr: fileURLToPath(new URL('./store-program.ts', import.meta.url)),
        outDir: folder.path,
        emptyOutDir: false,
        minify: false,
        rollupOptions: { output: { entryFileNames: 'program.mjs' } },
      },
    });
    return new BuiltProgram(folder);
  }

  get path(): string {
    return join(this.folder.path, 'program.mjs');
  }

  start(...argv: readonly string[]): RunningProgram {
    return this.run(process.execPath, this.path, ...argv);
  }

  /** Runs a command of one's own, such as one that starts the program at {@link path}. */
  run(command: string, ...argv: readonly string[]): RunningProgram {
    const program = watch(spawn(command, argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    this.running.add(program);
    return program;
  }

  /** Ends what still runs. */
  async remove(): Promise<void> {
    for (const program of this.running) await program.kill();
    await this.folder.remove();
  }
}

function watch(child: Child): RunningProgram {
  const lines: Record<string, unknown>[] = [];
  const closed = once(child, 'close');
  child.stdin.on('error', () => undefined);
  const reader = createInterface(child.stdout);
  reader.on('line', (line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  return {
    child,
    lines,
    async heard(member) {
      for (;;) {
        const found = lines.find((line) => member in line);
        if (found) return found;
        const ended = await Promise.race([once(reader, 'line').then(() => false), closed.then(() => true)]);
        if (ended && !lines.some((line) => member in line)) throw new Error(`the program ended without "${member}"`);
      }
    },
    async finish() {
      child.stdin.end();
      await closed;
      return child.exitCode;
    },
    async kill() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await closed;
    },
  };
}
