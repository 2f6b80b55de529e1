export * from './endpoint.js';
export * from './engine.js';
export * from './engine-client.js';
export * from './registry.js';
