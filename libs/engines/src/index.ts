export * from './endpoint.js';
export * from './engine.js';
export * from './engine-client.js';
export * from './registry.js';
export type { LifeSign } from './life-sign.js';
export type { ProcessPulse } from './process/process-pulse.js';
export { CannotContinue } from './going-on/cannot-continue.js';
export { pinSeed } from './going-on/pin-seed.js';
