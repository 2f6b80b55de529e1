import type { BenchCluster } from '../cluster/bench-cluster.js';
import { machineCpu, processCpu } from './process-cpu.js';
import { type RedisUsage, readRedisUsage, usageBetween } from './redis-usage.js';

/** CPU time of each party; ms. */
export interface CpuUsage {
  readonly gateway: number;
  readonly worker: number;
  readonly redis: number;
  readonly engine: number;
  /** The load generator and this process. */
  readonly bench: number;
  /** All other processes of the machine. */
  readonly foreign: number;
}

/** What a stretch of time has cost. */
export interface Cost {
  readonly elapsedMs: number;
  readonly cpu: CpuUsage;
  readonly redis: RedisUsage;
}

interface Reading {
  readonly at: number;
  readonly cpu: Omit<CpuUsage, 'foreign'>;
  readonly machine: number;
  readonly redis: RedisUsage;
}

/** Reads what a cluster on this machine uses. */
export class Meter {
  constructor(
    private readonly cluster: BenchCluster,
    private readonly generatorPid: number,
  ) {}

  /** Runs `work` and tells what the machine did meanwhile. */
  async during<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly cost: Cost }> {
    const before = await this.read();
    const result = await work();
    const after = await this.read();
    return { result, cost: costBetween(before, after) };
  }

  private async read(): Promise<Reading> {
    const { gatewayPid, workerPid, redisPid, redis } = this.cluster;
    const used = await readRedisUsage(redis);
    const engine = this.cluster.enginePids().reduce((sum, pid) => sum + processCpu(pid), 0);
    return {
      at: performance.now(),
      redis: used,
      machine: machineCpu(),
      cpu: {
        gateway: processCpu(gatewayPid),
        worker: processCpu(workerPid),
        redis: processCpu(redisPid),
        engine,
        bench: processCpu(this.generatorPid) + processCpu(process.pid),
      },
    };
  }
}

function costBetween(before: Reading, after: Reading): Cost {
  const of = (party: keyof Reading['cpu']): number => after.cpu[party] - before.cpu[party];
  const own = {
    gateway: of('gateway'),
    worker: of('worker'),
    redis: of('redis'),
    engine: of('engine'),
    bench: of('bench'),
  };
  const ours = Object.values(own).reduce((sum, used) => sum + used, 0);
  return {
    elapsedMs: after.at - before.at,
    redis: usageBetween(before.redis, after.redis),
    cpu: { ...own, foreign: Math.max(0, after.machine - before.machine - ours) },
  };
}
