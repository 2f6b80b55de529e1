export { describeRedisError } from './describe-redis-error.js';
export {
  locate,
  RedisConnections,
  type RedisClient,
  type RedisConnectionsOptions,
} from './redis-connections.js';
