export { ApiKeys, createApiKey, digestApiKey, RedisApiKeys } from './api-keys.js';
export { Catalogue, RedisCatalogue } from './catalogue.js';
export { Configurations, type ConfiguredSession, RedisConfigurations } from './configurations.js';
export { type ControlHandlers, ControlSender, receiveControl } from './control-channel.js';
export { RedisDownloadTurns } from './download-turns.js';
export { findModel } from './find-model.js';
export { NamedDefaults, RedisNamedDefaults } from './named-defaults.js';
export { type DeletedEntry, planRemoval } from './plan-removal.js';
export {
  type KeyLimits,
  KeyUsage,
  type LimitVerdict,
  ownedDigest,
  RedisKeyUsage,
  type RepeatableAnswer,
} from './key-usage.js';
export { Presence } from './presence.js';
export { StoreSecret } from './store-secret.js';
export { isStoreToken, signStoreToken } from './store-token.js';
export { RedisWorkerDirectory, WorkerDirectory } from './worker-directory.js';
