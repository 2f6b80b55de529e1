import { setTimeout as pause } from 'node:timers/promises';
import { type ClusterWorker, eventually } from '#testing';
import { enginesOf } from '../../e2e/support/engines.js';
import type { Fault, FaultScene } from './fault.js';
import { busiestWorker } from './victims.js';

const PAUSED_MS = 10_000;
const CUT_MS = 4_000;
const FROZEN_MS = 8_000;
const ENGINE_WITHIN_MS = 20_000;

/** A worker dies with its engines, and another takes its place. */
export const workerKill: Fault = async (scene) => {
  const worker = busiestWorker(scene);
  const healedAt = performance.now();
  await worker.kill('SIGKILL');
  await scene.chaos.cluster.restartWorker(worker.name);
  return { healedAt, note: worker.name };
};

/** A worker stands still for longer than anybody waits for it, and then goes on as if nothing had been. */
export const workerPause: Fault = async (scene) => {
  const worker = busiestWorker(scene);
  worker.pause();
  await pause(PAUSED_MS);
  worker.resume();
  return { healedAt: performance.now(), note: worker.name };
};

export const workerCut: Fault = async (scene) => {
  const worker = busiestWorker(scene);
  const link = scene.chaos.link(worker.name);
  await link.cut();
  await pause(CUT_MS);
  await link.heal();
  return { healedAt: performance.now(), note: worker.name };
};

export const workerFreeze: Fault = async (scene) => {
  const worker = busiestWorker(scene);
  const link = scene.chaos.link(worker.name);
  await link.freeze();
  await pause(FROZEN_MS);
  await link.heal();
  return { healedAt: performance.now(), note: worker.name };
};

/** All workers are replaced, one after the other, as for a new release. */
export const workerRoll: Fault = async ({ chaos }) => {
  const workers = chaos.workers();
  for (const worker of workers) {
    await worker.stop();
    await chaos.cluster.restartWorker(worker.name);
  }
  return { healedAt: performance.now(), note: `${workers.length} workers` };
};

/** An engine that generates dies. After other faults it may take a moment until a worker has one again. */
export const engineKill: Fault = async (scene) => {
  const worker = await eventually(() => killEngine(scene), Boolean, {
    within: ENGINE_WITHIN_MS,
    what: 'a worker with an engine to kill',
  });
  return { healedAt: performance.now(), note: `the engine of ${worker?.name}` };
};

/** @returns whose engine it was; undefined when there is none. @throws Error when it has just ended by itself */
function killEngine(scene: FaultScene): ClusterWorker | undefined {
  const engines = scene.chaos.workers().flatMap((worker) =>
    enginesOf(worker)
      .filter(({ command }) => !command.includes('--embeddings'))
      .map(({ pid }) => ({ worker, pid })),
  );
  if (engines.length === 0) return undefined;
  const worker = busiestWorker(scene, [...new Set(engines.map((engine) => engine.worker))]);
  for (const engine of engines) if (engine.worker === worker) process.kill(engine.pid, 'SIGKILL');
  return worker;
}
