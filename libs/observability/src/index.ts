export { formatLine, type LogFields, type LogLine } from './format-line.js';
export { GatewayMetrics, type InferenceLabel } from './gateway-metrics.js';
export {
  createLogger,
  LOG_FORMATS,
  LOG_LEVELS,
  Logger,
  type LogFormat,
  type LoggerOptions,
  type LogLevel,
} from './logger.js';
export { RecentLines, type RecentLine, type RecentLinesLimits } from './recent-lines.js';
export { NestLogger } from './nest-logger.js';
export { WorkerMetrics } from './worker-metrics.js';
