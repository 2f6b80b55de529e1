export { findLlamaServer, type BinarySearch } from './find-binary.js';
export { LlamaServerEngine, type LlamaServerOptions } from './llama-server-engine.js';
