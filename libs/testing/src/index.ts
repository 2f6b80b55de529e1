export * from './cluster/index.js';
export { eventually } from './eventually.js';
export { fixtureFolder, fixtureModel, type FixtureModel } from './fixtures.js';
export { ADAPTED_PIECE } from './gguf/adapter-model.js';
export { EMBEDDING_CONTEXT, EMBEDDING_DIMENSIONS } from './gguf/embedding-model.js';
export { SCRIPTS, type ScriptName } from './gguf/scripts.js';
export { descendantsOf, isAlive, listProcesses, type ProcessEntry } from './processes.js';
export { CACHE, REPOSITORY } from './repository.js';
export { dieWithParent } from './servers/child-server.js';
export { startCuttingProxy, type CuttingProxy } from './servers/cutting-proxy.js';
export { findFreePort } from './servers/free-port.js';
export {
  startHuggingFaceHub,
  type HubFixture,
  type HubFixtureExchange,
  type HubFixtureOptions,
} from './servers/hugging-face-hub.js';
export { startRedis, type RedisFixture } from './servers/redis.js';
export { startRedisCluster, type RedisClusterFixture } from './servers/redis-cluster.js';
export { startRedisSentinel, type RedisSentinelFixture } from './servers/redis-sentinel.js';
export { startRegistry, type RegistryFixture } from './servers/registry.js';
export { startRegistryFront, type FrontExchange, type RegistryFront } from './servers/registry-front.js';
export { startRegistryGate, type RegistryGate } from './servers/registry-gate.js';
export { storeArtifact } from './store-artifact.js';
export { sendStubbornly } from './stubborn-sender.js';
export { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.js';
export { openRequest, requestJson, type HttpOptions, type OpenResponse } from './http.js';
export { findLlamaServer, startLlamaServer, type LlamaServerFixture } from './llama-server.js';
export { assembleChat, parseSse, type SseEvent } from './sse.js';
export { syntheticEnginePath } from './synthetic-engine/program.js';
export type { SyntheticStats } from './synthetic-engine/server.js';
export { syntheticText } from './synthetic-engine/token-text.js';
