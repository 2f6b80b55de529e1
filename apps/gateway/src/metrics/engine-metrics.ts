import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { GatewayMetrics } from '#observability';
import { namesIn } from '../engines/encode-configuration.js';
import { readBounded, type TellingWorker, WorkerInsight } from '../engines/worker-insight.js';
import { type LabelledMetrics, mergeFamilies } from './merge-families.js';

/** A worker that has not told the metrics of its engines after this is left out; ms. */
const PATIENCE_MS = 2_000;

/** Bytes of one worker's answer, and of all together. */
const LONGEST_ANSWER = 8 * 1024 * 1024;
const LONGEST_SUM = 32 * 1024 * 1024;

const MODEL_ID = /sha256:[0-9a-f]{64}/g;

interface Told {
  readonly modelId: string;
  readonly mode: string;
  readonly engine: string;
  readonly text: string;
}

/** The metrics of all workers of the cluster, and of their engines. */
@Injectable()
export class EngineMetricsCollector {
  constructor(
    private readonly insight: WorkerInsight,
    private readonly catalogue: Catalogue,
    private readonly metrics: GatewayMetrics,
  ) {}

  /** In the text format of Prometheus. Never rejects: a worker that does not answer is left out and counted. */
  async collect(): Promise<string> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    const models = await this.catalogue.list().catch(() => []);
    const nameOf = namesIn(models);
    const told = await Promise.all(
      this.insight.workers().map((worker) => this.ask(worker, nameOf, late).catch(() => this.miss())),
    );
    let room = LONGEST_SUM;
    return mergeFamilies(told.flat().filter(({ text }) => (room -= text.length) >= 0));
  }

  private async ask(
    worker: TellingWorker,
    nameOf: (modelId: string) => string,
    signal: AbortSignal,
  ): Promise<LabelledMetrics[]> {
    const body = await this.insight.open(worker, '/v1/engine-metrics', signal);
    const { engines, worker: own } = JSON.parse(await readBounded(body, LONGEST_ANSWER)) as {
      readonly engines: unknown;
      readonly worker?: unknown;
    };
    if (!Array.isArray(engines)) throw new Error('it answered with no list');
    const { workerId, variant } = worker;
    const ofEngines = engines.filter(isTold).map(({ modelId, mode, engine, text }) => ({
      text,
      labels: { worker: workerId, variant, backend: engine, model: nameOf(modelId), mode },
    }));
    if (typeof own !== 'string') return ofEngines;
    const text = own.replaceAll(MODEL_ID, (modelId) => nameOf(modelId));
    return [...ofEngines, { text, labels: { worker: workerId, variant } }];
  }

  private miss(): LabelledMetrics[] {
    this.metrics.unansweredScrapes.inc();
    return [];
  }
}

function isTold(value: unknown): value is Told {
  if (typeof value !== 'object' || value === null) return false;
  const { modelId, mode, engine, text } = value as Partial<Told>;
  return [modelId, mode, engine, text].every((member) => typeof member === 'string');
}
