import { parseDuration, parseFileMode, parseList, parseSize, Variable } from '#config';
import { type Variant, VARIANTS } from '#contracts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '#observability';
import { IsBoolean, IsIn, IsInt, IsNotEmpty, IsPositive, IsString, Matches, Max, Min } from 'class-validator';

const KIB = 1024;
const SECOND = 1_000;

/** What a gateway can be told from outside. Durations in ms, sizes in bytes. */
export class GatewayConfig {
  @Variable('LONGSHORE_HOST') @IsString() @IsNotEmpty() host = '127.0.0.1';
  @Variable('LONGSHORE_PORT') @IsInt() @Min(0) @Max(65_535) port = 12_434;
  /** Listens there instead of the port, unless empty. */
  @Variable('LONGSHORE_SOCKET') @IsString() socket = '';
  @Variable('LONGSHORE_SOCKET_MODE', parseFileMode) @IsInt() @Min(0) socketMode = 0o600;
  /** -1 = none. */
  @Variable('LONGSHORE_TLS_PORT') @IsInt() @Min(-1) @Max(65_535) tlsPort = -1;
  @Variable('LONGSHORE_TLS_CERT') @IsString() tlsCertificate = '';
  @Variable('LONGSHORE_TLS_KEY') @IsString() tlsKey = '';
  /** `.longshore/tls` in the user's folder when empty. */
  @Variable('LONGSHORE_TLS_DIR') @IsString() tlsFolder = '';
  @Variable('LONGSHORE_TLS_NAMES', parseList) tlsNames: readonly string[] = [];
  /** Keys are asked for exactly when it is not empty. */
  @Variable('LONGSHORE_ADMIN_KEY')
  @Matches(/^(?:|[\x21-\x7e]{16,256})$/, { message: 'adminKey must be 16 to 256 visible ASCII characters' })
  adminKey = '';
  @Variable('LONGSHORE_MEDIA_HOSTS', parseList)
  @Matches(/^(?:\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])$/i, {
    each: true,
    message: 'mediaHosts must be hosts such as images.example, *.example or *',
  })
  mediaHosts: readonly string[] = [];
  /** About 400 MB of an engine's memory. Real photos and screenshots that fit a body have fewer. */
  @Variable('LONGSHORE_MEDIA_MAX_PIXELS') @IsInt() @IsPositive() mediaMaxPixels = 64_000_000;
  @Variable('DMR_ORIGINS', parseList)
  @Matches(/^(?:\*|null|[a-z][a-z0-9+.-]*:\/\/[^\s/*]+?(?::\*)?\/?)$/i, {
    each: true,
    message: 'origins must be origins such as https://chat.example, http://intranet:* or *',
  })
  origins: readonly string[] = [];
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
  /** In the order in which they are chosen. */
  @Variable('LONGSHORE_STANDBY_VARIANTS', parseList)
  @IsIn(VARIANTS, { each: true })
  standbyVariants: readonly Variant[] = [];
  @Variable('LONGSHORE_RECORD_REQUESTS') @IsInt() @Min(0) @Max(1_000) recordRequests = 0;
  @Variable('DEFAULT_REGISTRY') @IsString() @IsNotEmpty() defaultRegistry = 'docker.io';
  @Variable('LONGSHORE_LOG_LEVEL') @IsIn(LOG_LEVELS) logLevel: LogLevel = 'info';
  @Variable('LONGSHORE_LOG_FORMAT') @IsIn(LOG_FORMATS) logFormat: LogFormat = 'json';
}
