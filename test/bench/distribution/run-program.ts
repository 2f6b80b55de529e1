import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { processCpu } from '../measure/process-cpu.js';
import { peakMemory } from '../measure/process-memory.js';

/** What one transfer took. */
export interface TransferCost {
  readonly elapsedMs: number;
  /** All threads, user and kernel. */
  readonly cpuMs: number;
  /** The most that its process had resident; bytes. */
  readonly peakBytes: number;
}

const CHILD = fileURLToPath(new URL('./transfer-in-child.js', import.meta.url));

/** A process is gone before its last numbers can be read, so they are as old as this at most; ms. */
const LOOK_INTERVAL_MS = 10;

/** Begins a transfer of ours in a process of its own. `place`: the store, or the file with the artifact. */
export function startTransfer(direction: 'pull' | 'push', place: string, reference: string): ChildProcess {
  const line = [CHILD, direction, place, reference];
  return spawn(process.execPath, line, { stdio: ['ignore', 'pipe', 'inherit'] });
}

/** @throws Error when it fails */
export async function runTransfer(...transfer: Parameters<typeof startTransfer>): Promise<TransferCost> {
  const child = startTransfer(...transfer);
  let output = '';
  child.stdout?.on('data', (bytes: Buffer) => (output += bytes.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`the ${transfer[0]} ended with code ${code}`);
  return JSON.parse(output) as TransferCost;
}

/** Runs a program to its end. @throws Error with what it wrote to stderr when it fails */
export async function runProgram(program: string, line: readonly string[]): Promise<TransferCost> {
  const begin = performance.now();
  const child = spawn(program, line, { stdio: ['ignore', 'ignore', 'pipe'] });
  let [cpuMs, peakBytes, complaint] = [0, 0, ''];
  child.stderr.on('data', (bytes: Buffer) => (complaint += bytes.toString()));
  const looks = setInterval(() => {
    cpuMs = Math.max(cpuMs, processCpu(child.pid ?? 0));
    peakBytes = Math.max(peakBytes, peakMemory(child.pid ?? 0));
  }, LOOK_INTERVAL_MS);
  try {
    const [code] = (await once(child, 'close')) as [number | null];
    if (code !== 0) throw new Error(`${program} ended with code ${code}: ${complaint.trim()}`);
    return { elapsedMs: performance.now() - begin, cpuMs, peakBytes };
  } finally {
    clearInterval(looks);
  }
}

export function isInstalled(program: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
