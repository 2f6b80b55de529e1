export { checkHealth, type HealthAddress } from './check-health.js';
export { discardBody } from './discard-body.js';
export { announceReady, type ReadyMessage } from './ready.js';
export { type StopLog, type StopOptions, stopOnSignals } from './stop-on-signals.js';
