export { describeRedisError } from './describe-redis-error.js';
export { heldBytesOf } from './held-bytes.js';
export { countListeners, publishTo } from './publish.js';
export {
  onConnected,
  RedisConnections,
  type RedisClient,
  type RedisConnectionsOptions,
} from './redis-connections.js';
export { parseRedisUrl, type RedisLocation } from './redis-url.js';
