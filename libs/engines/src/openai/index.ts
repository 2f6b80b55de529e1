export { AttachedEngine, type AttachedEngineOptions } from './attached-engine.js';
