export { type Demand, DemandBoard } from './demand.js';
export { HandBack, type HandBackOptions } from './hand-back.js';
export { type Accepted, BullJobQueue, JobQueue } from './job-queue.js';
export type { PumpTiming } from './pump-timing.js';
export type { PumpedJob } from './pumped-job.js';
export { QueuePump, type QueuePumpOptions } from './queue-pump.js';
export { PULL_CANCELLED, PULL_RESULT_SECONDS, Pulls, QueuePulls, type QueuePullsOptions } from './pulls.js';
export { PullQueuesModule, type PullQueuesOptions } from './pull-queues.module.js';
export {
  LoadHandler,
  PullHandler,
  StaticConsumersModule,
  type StaticConsumersOptions,
} from './static-consumers.module.js';
export type { Admission, Preference } from './waiting-rooms.js';
