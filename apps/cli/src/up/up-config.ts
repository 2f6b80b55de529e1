import { IsInt, IsString, Max, Min } from 'class-validator';
import { parseDuration, Variable } from '#config';

/** What `up` reads from the environment. Empty text means: not given. */
export class UpConfig {
  @Variable('LONGSHORE_HOST') @IsString() host = '127.0.0.1';
  @Variable('LONGSHORE_PORT') @IsInt() @Min(0) @Max(65_535) port = 12_434;
  @Variable('LONGSHORE_VARIANT') @IsString() variant = '';
  @Variable('LONGSHORE_DATA') @IsString() data = '';
  @Variable('LONGSHORE_MODELS_PATH') @IsString() modelsPath = '';
  @Variable('LONGSHORE_REDIS_URL') @IsString() redisUrl = '';
  @Variable('LONGSHORE_INSTALL') install = false;
  @Variable('LONGSHORE_LOG_FORMAT') @IsString() logFormat = 'pretty';
  /** ms that a process gets to finish what it has begun. */
  @Variable('LONGSHORE_DRAIN_TIMEOUT', parseDuration) @Min(0) drainTimeout = 30_000;
  @Variable('LLAMA_SERVER_PATH') @IsString() llamaServerPath = '';
  @Variable('VLLM_SERVER_PATH') @IsString() vllmServerPath = '';
  @Variable('SGLANG_SERVER_PATH') @IsString() sglangServerPath = '';
  @Variable('PATH') @IsString() path = '';
  @Variable('HOME') @IsString() home = '';
}
