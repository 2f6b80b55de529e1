export { EmbeddedLlamaEngine, type EmbeddedLlamaOptions } from './embedded-llama-engine.js';
