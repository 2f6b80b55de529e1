export { describeRedisError } from './describe-redis-error.js';
export { heldBytesOf } from './held-bytes.js';
export { countListeners, publishTo } from './publish.js';
export { onConnected, RedisConnections, type RedisClient } from './redis-connections.js';
