export { findVllm } from './find-vllm.js';
export { VllmEngine } from './vllm-engine.js';
