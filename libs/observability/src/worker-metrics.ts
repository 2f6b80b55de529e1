import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const TOKEN_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.5, 1, 2.5];
const WAIT_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/**
 * Every metric of a worker process, declared once. A worker has no page of its own: gateways show them, with the labels
 * `worker` and `variant`, and with the name of a model in place of its id.
 */
export class WorkerMetrics {
  readonly registry = new Registry();

  readonly queueWait = new Histogram({
    name: 'longshore_worker_queue_wait_seconds',
    help: 'From the moment a request is in its queue to when a worker begins it, by the clocks of both; first attempts only.',
    labelNames: ['model'],
    buckets: WAIT_BUCKETS,
    registers: [this.registry],
  });

  readonly timePerOutputToken = new Histogram({
    name: 'gen_ai_server_time_per_output_token_seconds',
    help: 'Mean time between two events of a streamed answer as the engine sends them, one for each token.',
    labelNames: ['model'],
    buckets: TOKEN_BUCKETS,
    registers: [this.registry],
  });

  readonly outputEvents = new Counter({
    name: 'longshore_worker_output_events_total',
    help: 'Events of streamed answers that engines have sent: about one for each token.',
    labelNames: ['model'],
    registers: [this.registry],
  });

  readonly pulls = new Counter({
    name: 'longshore_worker_pulls_total',
    help: 'Pulls of models by how they ended: pulled, or what they failed with.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly loads = new Counter({
    name: 'longshore_worker_loads_total',
    help: 'Models brought into engines by how that ended: loaded, or the code of the error.',
    labelNames: ['outcome'],
    registers: [this.registry],
  });

  readonly engineDeaths = new Counter({
    name: 'longshore_worker_engine_deaths_total',
    help: 'Engines that ended although nobody asked them to.',
    registers: [this.registry],
  });

  readonly enginesStuck = new Counter({
    name: 'longshore_worker_engines_stuck_total',
    help: 'Engines that were killed because they did nothing any more; they count as deaths too.',
    registers: [this.registry],
  });

  readonly sessions = new Gauge({
    name: 'longshore_worker_sessions',
    help: 'Models in engines that take requests.',
    registers: [this.registry],
  });

  readonly slots = new Gauge({
    name: 'longshore_worker_slots',
    help: 'Requests that these engines run at once at most.',
    registers: [this.registry],
  });

  readonly busySlots = new Gauge({
    name: 'longshore_worker_busy_slots',
    help: 'Requests that these engines run.',
    registers: [this.registry],
  });
}
