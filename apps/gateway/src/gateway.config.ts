import { parseDuration, parseSize, Variable } from '#config';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '#observability';
import { IsBoolean, IsIn, IsInt, IsNotEmpty, IsPositive, IsString, Max, Min } from 'class-validator';

const KIB = 1024;
const SECOND = 1_000;

/** What a gateway can be told from outside. Durations in ms, sizes in bytes. */
export class GatewayConfig {
  @Variable('LONGSHORE_HOST') @IsString() @IsNotEmpty() host = '127.0.0.1';
  @Variable('LONGSHORE_PORT') @IsInt() @Min(0) @Max(65_535) port = 12_434;
  @Variable('LONGSHORE_REDIS_URL') @IsString() @IsNotEmpty() redisUrl = 'redis://127.0.0.1:6379';
  @Variable('LONGSHORE_NAMESPACE') @IsString() @IsNotEmpty() namespace = 'longshore';
  @Variable('LONGSHORE_BODY_LIMIT', parseSize) @IsInt() @IsPositive() bodyLimit = 10 * KIB * KIB;
  @Variable('LONGSHORE_REQUEST_TIMEOUT', parseDuration) @IsPositive() requestTimeout = 600 * SECOND;
  @Variable('LONGSHORE_CLIENT_STALL_TIMEOUT', parseDuration) @IsPositive() clientStallTimeout = 30 * SECOND;
  @Variable('LONGSHORE_DRAIN_TIMEOUT', parseDuration) @Min(0) drainTimeout = 30 * SECOND;
  @Variable('LONGSHORE_MAX_OPEN_REQUESTS') @IsInt() @IsPositive() maxOpenRequests = 10_000;
  @Variable('LONGSHORE_MAX_WAITING') @IsInt() @IsPositive() maxWaiting = 1_000;
  @Variable('LONGSHORE_LOG') @IsBoolean() log = true;
  /** Bounded because a gateway takes a log at once. */
  @Variable('LONGSHORE_LOG_LIMIT', parseSize) @IsInt() @IsPositive() @Max(6 * KIB * KIB) logLimit =
    4 * KIB * KIB;
  @Variable('LONGSHORE_LOG_RETENTION', parseDuration) @IsPositive() logRetention = 60 * SECOND;
  @Variable('LONGSHORE_RESULT_RETENTION', parseDuration) @IsPositive() resultRetention = 600 * SECOND;
  @Variable('LONGSHORE_RESPONSE_RETENTION', parseDuration) @IsPositive() responseRetention = 3_600 * SECOND;
  @Variable('LONGSHORE_RESUME_WINDOW', parseDuration) @IsPositive() resumeWindow = 30 * SECOND;
  @Variable('LONGSHORE_PREFIX_AFFINITY') @IsBoolean() prefixAffinity = true;
  @Variable('LONGSHORE_RECORD_REQUESTS') @IsInt() @Min(0) @Max(1_000) recordRequests = 0;
  @Variable('DEFAULT_REGISTRY') @IsString() @IsNotEmpty() defaultRegistry = 'docker.io';
  @Variable('LONGSHORE_LOG_LEVEL') @IsIn(LOG_LEVELS) logLevel: LogLevel = 'info';
  @Variable('LONGSHORE_LOG_FORMAT') @IsIn(LOG_FORMATS) logFormat: LogFormat = 'json';
}
