import type { CompletionSettings } from '../acceptance.js';

/** Short limits; durations in ms. */
export const SETTINGS: CompletionSettings = {
  requestTimeout: 60_000,
  maxWaiting: 10,
  logLimit: 1_000,
  logRetention: 1_000,
  resultRetention: 1_000,
  resumeWindow: 1_000,
  defaultRegistry: 'docker.io',
  prefixAffinity: true,
};
