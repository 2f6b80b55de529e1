import type { SupervisedProcess } from './supervised-process.js';

export interface ClusterProcesses {
  /** Absent when an existing Redis is used. */
  readonly redis?: SupervisedProcess;
  readonly gateways: readonly SupervisedProcess[];
  readonly workers: readonly SupervisedProcess[];
}

const REDIS_STOP_LIMIT_MS = 10_000;

/** The processes of one cluster on this machine, started and ended in the order that loses nothing. */
export class LocalCluster {
  constructor(private readonly processes: ClusterProcesses) {}

  get pids(): readonly number[] {
    return this.all.flatMap((each) => each.pid ?? []);
  }

  /** @throws LaunchProblem of the first process that cannot be started; the others may be running then */
  async start(): Promise<void> {
    const { redis, gateways, workers } = this.processes;
    await redis?.start();
    await Promise.all([...gateways, ...workers].map(async (each) => each.start()));
  }

  /**
   * Gateways first, so that no work comes in, then workers, Redis last. Each gets `drainLimitMs` to finish what it
   * has begun; once `insisted` resolves, none.
   */
  async stop(drainLimitMs: number, insisted: Promise<void>): Promise<void> {
    const { redis, gateways, workers } = this.processes;
    void insisted.then(() => [...gateways, ...workers].forEach((each) => each.kill()));
    await Promise.all(gateways.map(async (each) => each.stop(drainLimitMs)));
    await Promise.all(workers.map(async (each) => each.stop(drainLimitMs)));
    await redis?.stop(REDIS_STOP_LIMIT_MS);
  }

  private get all(): readonly SupervisedProcess[] {
    const { redis, gateways, workers } = this.processes;
    return [...(redis ? [redis] : []), ...gateways, ...workers];
  }
}
