import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';

const LATENCY_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600];

/** Labels of an inference call, named as in the OpenTelemetry conventions for generative AI. */
export type InferenceLabel = 'gen_ai_operation_name' | 'gen_ai_request_model';

/** Every metric of a gateway process, declared once. Names are OpenTelemetry's where it has one. */
export class GatewayMetrics {
  readonly registry = new Registry();

  readonly requests = new Counter({
    name: 'longshore_http_requests_total',
    help: 'HTTP requests by route pattern; status 499 means that the client went away first.',
    labelNames: ['method', 'route', 'status'],
    registers: [this.registry],
  });

  readonly openResponses = new Gauge({
    name: 'longshore_open_responses',
    help: 'Streamed answers that have begun and not ended, those of pulls included.',
    registers: [this.registry],
  });

  readonly responseBytes = new Counter({
    name: 'longshore_response_bytes_total',
    help: 'Bytes of inference responses handed to clients.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model'] satisfies InferenceLabel[],
    registers: [this.registry],
  });

  readonly responseOutcomes = new Counter({
    name: 'longshore_responses_total',
    help: 'Inference responses by how they ended: completed, failed, client-gone or client-stalled.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model', 'outcome'],
    registers: [this.registry],
  });

  readonly waitingRequests = new Gauge({
    name: 'longshore_waiting_requests',
    help: 'Requests this gateway has put into a queue and that no engine has begun to answer.',
    labelNames: ['gen_ai_request_model'] satisfies InferenceLabel[],
    registers: [this.registry],
  });

  readonly queueWait = new Histogram({
    name: 'longshore_queue_wait_seconds',
    help: 'From the moment a request is in its queue to the beginning of its answer: waiting, loading and prefill.',
    labelNames: ['gen_ai_request_model'] satisfies InferenceLabel[],
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });

  readonly refusedRequests = new Counter({
    name: 'longshore_refused_requests_total',
    help: 'Inference requests answered with 429, by the code of the error: queue_full or too_many_requests.',
    labelNames: ['gen_ai_request_model', 'reason'],
    registers: [this.registry],
  });

  readonly queueRequests = new Gauge({
    name: 'longshore_queue_requests',
    help: 'Requests of the whole cluster in its queues: waiting, or active, which a worker has begun. Every gateway says the same.',
    labelNames: ['variant', 'gen_ai_request_model', 'mode', 'state'],
    registers: [this.registry],
  });

  readonly workers = new Gauge({
    name: 'longshore_workers',
    help: 'Workers of the whole cluster that are alive. Every gateway says the same.',
    labelNames: ['variant'],
    registers: [this.registry],
  });

  readonly workerMemory = new Gauge({
    name: 'longshore_worker_memory_bytes',
    help: 'Memory for models as each worker announces it: total and free. Every gateway says the same.',
    labelNames: ['worker', 'variant', 'state'],
    registers: [this.registry],
  });

  readonly redisUp = new Gauge({
    name: 'longshore_redis_up',
    help: '1 when Redis answered this gateway at the scrape, else 0.',
    registers: [this.registry],
  });

  readonly unansweredScrapes = new Counter({
    name: 'longshore_unanswered_scrapes_total',
    help: 'Workers that did not tell the metrics of their engines when this gateway was asked for its own.',
    registers: [this.registry],
  });

  readonly timeToFirstToken = new Histogram({
    name: 'gen_ai_server_time_to_first_token_seconds',
    help: 'From the arrival of a streaming request to the first byte of its answer.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model'] satisfies InferenceLabel[],
    buckets: LATENCY_BUCKETS,
    registers: [this.registry],
  });

  readonly requestDuration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'From the arrival of an inference request to the last byte of its answer.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model'] satisfies InferenceLabel[],
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });

  /** Adds memory, CPU and event-loop metrics of this process. Call it once a process. */
  collectProcessMetrics(): void {
    collectDefaultMetrics({ register: this.registry });
  }
}
