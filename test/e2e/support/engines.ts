import { readFileSync } from 'node:fs';
import {
  type ClusterProcess,
  descendantsOf,
  openRequest,
  type ProcessEntry,
  requestJson,
  type SyntheticStats,
} from '#testing';

export interface RunningEngine extends ProcessEntry {
  readonly socketPath: string;
}

/** The engine processes of a worker. */
export function enginesOf(worker: ClusterProcess): readonly RunningEngine[] {
  return descendantsOf(worker.pid).flatMap((entry) => {
    const socketPath = socketOf(entry.command);
    return socketPath === undefined || isGuard(entry.command) ? [] : [{ ...entry, socketPath }];
  });
}

/** The one engine of a worker. @throws Error when it has none, or several */
export function engineOf(worker: ClusterProcess): RunningEngine {
  const engines = enginesOf(worker);
  const [engine] = engines;
  if (engine === undefined || engines.length > 1)
    throw new Error(`${worker.name} has ${engines.length} engines.`);
  return engine;
}

/** What the synthetic engine of a worker says of itself. @throws Error when the worker has not exactly one engine */
export async function statsOf(worker: ClusterProcess): Promise<SyntheticStats> {
  const { socketPath } = engineOf(worker);
  return (await requestJson({ url: '/synthetic/stats', socketPath })).json as SyntheticStats;
}

/** Requests that the synthetic engines of some workers are running. */
export async function running(workers: readonly ClusterProcess[]): Promise<number> {
  const sockets = workers.flatMap(enginesOf).map(({ socketPath }) => socketPath);
  const stats = await Promise.all(
    sockets.map((socketPath) => requestJson({ url: '/synthetic/stats', socketPath })),
  );
  return stats.reduce((sum, { json }) => sum + (json as SyntheticStats).open, 0);
}

/** Asks the engine of a worker itself. */
export function askEngine(
  worker: ClusterProcess,
  path: string,
  body: unknown,
): ReturnType<typeof openRequest> {
  return openRequest({ url: path, socketPath: engineOf(worker).socketPath, body });
}

/** Resident memory of a process in MiB. Linux only. */
export function residentMemory(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

function socketOf(command: string): string | undefined {
  return /\S+\.sock\b/.exec(command)?.[0];
}

/** The shell that kills an engine whose worker has died has the engine's whole command line behind its own. */
function isGuard(command: string): boolean {
  return command.startsWith('/bin/sh -c { read');
}
