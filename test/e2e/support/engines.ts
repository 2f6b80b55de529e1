import { readFileSync } from 'node:fs';
import {
  type ClusterProcess,
  descendantsOf,
  openRequest,
  type ProcessEntry,
  requestJson,
  type SyntheticStats,
} from '#testing';

/** The engine processes of a worker. */
export function enginesOf(worker: ClusterProcess): readonly ProcessEntry[] {
  return descendantsOf(worker.pid).filter(
    ({ command }) => socketOf(command) !== undefined && !isGuard(command),
  );
}

/** The one engine of a worker. @throws Error when it has none, or several */
export function engineOf(worker: ClusterProcess): ProcessEntry & { readonly socketPath: string } {
  const engines = enginesOf(worker);
  const [engine] = engines;
  const socketPath = socketOf(engine?.command ?? '');
  if (engine === undefined || socketPath === undefined || engines.length > 1)
    throw new Error(`${worker.name} has ${engines.length} engines.`);
  return { ...engine, socketPath };
}

/** What the synthetic engine of a worker says of itself. @throws Error when the worker has not exactly one engine */
export async function statsOf(worker: ClusterProcess): Promise<SyntheticStats> {
  const { socketPath } = engineOf(worker);
  return (await requestJson({ url: '/synthetic/stats', socketPath })).json as SyntheticStats;
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
