export * from './cluster/index.js';
export { eventually, type EventuallyOptions } from './eventually.js';
export { fixtureFolder, fixtureModel, type FixtureFolder, type FixtureModel } from './fixtures.js';
export { ADAPTED_PIECE } from './gguf/adapter-model.js';
export { writeCorruptModel } from './gguf/corrupt-model.js';
export { EMBEDDING_CONTEXT, EMBEDDING_DIMENSIONS, writeEmbeddingModel } from './gguf/embedding-model.js';
export { writeRandomModel } from './gguf/random-model.js';
export { SCRIPTED_CONTEXT, writeScriptedModel } from './gguf/scripted-model.js';
export { SCRIPT_NAMES, SCRIPTS, type ScriptedToolCall, type ScriptName } from './gguf/scripts.js';
export { descendantsOf, isAlive, listProcesses, type ProcessEntry } from './processes.js';
export { CACHE, REPOSITORY } from './repository.js';
export { ChildServerError, dieWithParent } from './servers/child-server.js';
export { startCuttingProxy, type CuttingProxy, type CuttingProxyOptions } from './servers/cutting-proxy.js';
export { findFreePort } from './servers/free-port.js';
export {
  startHuggingFaceHub,
  type HubFixture,
  type HubFixtureExchange,
  type HubFixtureOptions,
  type HubFixtureRepository,
} from './servers/hugging-face-hub.js';
export { startRedis, type RedisFixture, type RedisOptions } from './servers/redis.js';
export { startRedisCluster, type RedisClusterFixture } from './servers/redis-cluster.js';
export { startRedisSentinel, type RedisSentinelFixture } from './servers/redis-sentinel.js';
export { startRegistry, type RegistryFixture } from './servers/registry.js';
export { startRegistryGate, type RegistryGate } from './servers/registry-gate.js';
export { sendStubbornly, type StubbornRequest } from './stubborn-sender.js';
export { makeTemporaryFolder, type TemporaryFolder } from './temporary-folder.js';
export { openRequest, requestJson, type Arrival, type HttpOptions, type OpenResponse } from './http.js';
export {
  findLlamaServer,
  startLlamaServer,
  type LlamaServerFixture,
  type LlamaServerOptions,
} from './llama-server.js';
export { assembleChat, parseSse, type AssembledChat, type SseEvent, type ToolCallText } from './sse.js';
export { syntheticEnginePath } from './synthetic-engine/program.js';
export type { SyntheticStats } from './synthetic-engine/server.js';
export { syntheticText } from './synthetic-engine/token-text.js';
