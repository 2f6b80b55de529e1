export { announceReady, type ReadyMessage } from './ready.js';
export { type StopLog, type StopOptions, stopOnSignals } from './stop-on-signals.js';
