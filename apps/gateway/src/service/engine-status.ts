import { ENGINES, type WorkerAnnouncement } from '#contracts';

/**
 * Each engine and whether a living worker has it, in the words existing clients sort by: `Running: …` or
 * `Not Installed: …`.
 */
export function engineStatus(workers: readonly WorkerAnnouncement[]): Record<string, string> {
  const running = workers.flatMap((worker) => worker.engines);
  return Object.fromEntries(
    ENGINES.map((name) => {
      const versions = new Set(
        running.filter((engine) => engine.name === name).map(({ version }) => version),
      );
      const status =
        versions.size > 0
          ? `Running: ${name} ${[...versions].join(', ')}`
          : 'Not Installed: no worker that is alive has it';
      return [name, status];
    }),
  );
}
