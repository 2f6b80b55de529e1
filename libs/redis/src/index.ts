export {
  locate,
  RedisConnections,
  type RedisClient,
  type RedisConnectionsOptions,
} from './redis-connections.js';
