export { findSglang } from './find-sglang.js';
export { SglangEngine, type SglangOptions } from './sglang-engine.js';
