import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Catalogue, WorkerDirectory } from '#cluster';
import { VARIANTS } from '#contracts';
import { GatewayMetrics } from '#observability';
import { namesIn } from '../engines/encode-configuration.js';
import { WaitingRooms } from './waiting-rooms.js';

/** Redis counts as away when it has not answered after this; ms. */
const PATIENCE_MS = 2_000;

/** What every gateway can say of the whole cluster. Read when somebody asks, so that it costs nothing between scrapes. */
@Injectable()
export class ClusterMetrics {
  constructor(
    private readonly rooms: WaitingRooms,
    private readonly directory: WorkerDirectory,
    private readonly catalogue: Catalogue,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** Brings the gauges up to date. Never rejects. */
  async collect(): Promise<void> {
    const { workers, workerMemory, queueRequests, redisUp } = this.metrics;
    workerMemory.reset();
    for (const { workerId, variant, memoryTotal, memoryFree } of this.directory.workers()) {
      workerMemory.set({ worker: workerId, variant, state: 'total' }, memoryTotal);
      workerMemory.set({ worker: workerId, variant, state: 'free' }, memoryFree);
    }
    for (const variant of VARIANTS) {
      const alive = this.directory.workers().filter((worker) => worker.variant === variant);
      workers.set({ variant }, alive.length);
    }
    queueRequests.reset();
    const read = await this.read();
    redisUp.set(read === undefined ? 0 : 1);
    if (read === undefined) return;
    const nameOf = namesIn(read.models);
    for (const { variant, modelId, mode, waiting, active } of read.rooms) {
      const labels = { variant, gen_ai_request_model: nameOf(modelId), mode };
      queueRequests.set({ ...labels, state: 'waiting' }, waiting);
      queueRequests.set({ ...labels, state: 'active' }, active);
    }
  }

  private async read() {
    const late = new AbortController();
    const reading = Promise.all([this.rooms.read(), this.catalogue.list()])
      .then(([rooms, models]) => ({ rooms, models }))
      .catch(() => undefined);
    const patience = delay(PATIENCE_MS, undefined, { signal: late.signal, ref: false }).catch(
      () => undefined,
    );
    try {
      return await Promise.race([reading, patience]);
    } finally {
      late.abort();
    }
  }
}
