import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually, REPOSITORY } from '#testing';

const PROBE = join(REPOSITORY, 'dist', 'test', 'bench', 'measure', 'process-probe.js');

export interface MemoryReading {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
}

/** Where a probed process writes what it is asked for. */
export interface ProbeFiles {
  readonly memory: string;
  /** Absent = no profile can be asked for. */
  readonly profile?: string;
}

/** The variables that load the probe into a process. */
export function probeVariables({ memory, profile }: ProbeFiles): Record<string, string> {
  return {
    NODE_OPTIONS: `--import=${pathToFileURL(PROBE).href}`,
    BENCH_MEMORY_FILE: memory,
    ...(profile === undefined ? {} : { BENCH_PROFILE_FILE: profile }),
  };
}

/** Memory in use after a garbage collection; bytes. The process pauses for it. */
export async function readMemory(pid: number, { memory }: ProbeFiles): Promise<MemoryReading> {
  await rm(memory, { force: true });
  process.kill(pid, 'SIGUSR2');
  const text = await eventually(
    () => readFile(memory, 'utf8').catch(() => ''),
    (content) => content.endsWith('}'),
  );
  return JSON.parse(text) as MemoryReading;
}

/** Begins a CPU profile, or ends the one that runs; it is written a moment later. */
export function toggleProfile(pid: number): void {
  process.kill(pid, 'SIGWINCH');
}
