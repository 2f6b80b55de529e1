export { GatewayMetrics } from './gateway-metrics.js';
export { createLogger, LOG_FORMATS, LOG_LEVELS, Logger, type LogFormat, type LogLevel } from './logger.js';
export { RecentLines, type RecentLine } from './recent-lines.js';
export { NestLogger } from './nest-logger.js';
export { WorkerMetrics } from './worker-metrics.js';
