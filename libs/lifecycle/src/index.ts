export { checkHealth } from './check-health.js';
export { discardBody } from './discard-body.js';
export { announceReady } from './ready.js';
export { stopOnSignals } from './stop-on-signals.js';
