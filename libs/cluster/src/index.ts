export { ApiKeys, createApiKey, digestApiKey, RedisApiKeys, type RedisApiKeysOptions } from './api-keys.js';
export { Catalogue, RedisCatalogue, type RedisCatalogueOptions } from './catalogue.js';
export {
  Configurations,
  type ConfiguredSession,
  RedisConfigurations,
  type RedisConfigurationsOptions,
} from './configurations.js';
export {
  type ControlHandlers,
  ControlSender,
  receiveControl,
  type ControlReceiverOptions,
} from './control-channel.js';
export {
  type DownloadElsewhere,
  type DownloadTurn,
  RedisDownloadTurns,
  type RedisDownloadTurnsOptions,
} from './download-turns.js';
export { findModel } from './find-model.js';
export { NamedDefaults, RedisNamedDefaults, type RedisNamedDefaultsOptions } from './named-defaults.js';
export { type DeletedEntry, planRemoval, type Removal } from './plan-removal.js';
export {
  type KeyLimits,
  KeyUsage,
  type LimitVerdict,
  ownedDigest,
  RedisKeyUsage,
  type RepeatableAnswer,
} from './key-usage.js';
export { Presence, type PresenceOptions } from './presence.js';
export { StoreSecret } from './store-secret.js';
export { isStoreToken, signStoreToken, STORE_TOKEN_LIFETIME_MS } from './store-token.js';
export {
  RedisWorkerDirectory,
  type RedisWorkerDirectoryOptions,
  WorkerDirectory,
} from './worker-directory.js';
