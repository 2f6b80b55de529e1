import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsPositive,
  IsString,
  IsUrl,
  Max,
  Min,
  ValidateIf,
} from 'class-validator';
import { parseDuration, parseSize, UnreadableValue, Variable } from '#config';
import { type Variant, VARIANTS } from '#contracts';
import { HUB_ENDPOINT, parseMirrors, UnreadableMirrors } from '#models';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from '#observability';

const HTTP_URL = { protocols: ['http', 'https'], require_protocol: true, require_tld: false };

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** What a worker can be told from outside. Durations in ms. */
export class WorkerConfig {
  @Variable('LONGSHORE_REDIS_URL') @IsString() @IsNotEmpty() redisUrl = 'redis://127.0.0.1:6379';
  @Variable('LONGSHORE_NAMESPACE') @IsString() @IsNotEmpty() namespace = 'longshore';
  @Variable('LONGSHORE_LOG_LEVEL') @IsIn(LOG_LEVELS) logLevel: LogLevel = 'info';
  @Variable('LONGSHORE_LOG_FORMAT') @IsIn(LOG_FORMATS) logFormat: LogFormat = 'json';

  /** `auto` = what the machine and the engines on it are for. */
  @Variable('LONGSHORE_VARIANT') @IsIn([...VARIANTS, 'auto']) variant: Variant | 'auto' = 'cpu';
  /** Made up of host name and a random part when empty. */
  @Variable('LONGSHORE_WORKER_ID') @IsString() workerId = '';
  /** `.longshore/models` in the user's folder when empty. */
  @Variable('LONGSHORE_MODELS_PATH') @IsString() modelsPath = '';
  /** Bytes; 0 = as much as the disk has. */
  @Variable('LONGSHORE_STORE_QUOTA', parseSize) @Min(0) storeQuota = 0;
  /** Nothing is imported when empty. */
  @Variable('LONGSHORE_IMPORT_STORE') @IsString() importStore = '';
  @Variable('LONGSHORE_STORE_HOST') @IsString() @IsNotEmpty() storeHost = '127.0.0.1';
  /** 0 = any that is free. */
  @Variable('LONGSHORE_STORE_PORT') @IsInt() @Min(0) @Max(65_535) storePort = 0;
  /** Made up of host and port when empty. */
  @Variable('LONGSHORE_STORE_URL')
  @ValidateIf(({ storeUrl }: WorkerConfig) => storeUrl !== '')
  @IsUrl(HTTP_URL)
  storeUrl = '';
  /** A folder of its own in the system's temporary folder when empty. */
  @Variable('LONGSHORE_RUN_DIRECTORY') @IsString() runDirectory = '';

  /** 0 = whatever suits the engine. */
  @Variable('LONGSHORE_SLOTS') @IsInt() @Min(0) slots = 0;
  /** Tokens of one slot; 0 = the model's own limit, up to 4096. */
  @Variable('LONGSHORE_CONTEXT_SIZE') @IsInt() @Min(0) contextSize = 0;
  /** 0 = one less than the machine has cores. */
  @Variable('LONGSHORE_THREADS') @IsInt() @Min(0) threads = 0;
  @Variable('LONGSHORE_MAX_SESSIONS') @IsInt() @IsPositive() maxSessions = 3;
  /** Bytes for models; 0 = what the machine has. */
  @Variable('LONGSHORE_MEMORY', parseSize) @Min(0) memory = 0;
  /** -1 = for ever. */
  @Variable('LONGSHORE_KEEP_ALIVE', parseKeepAlive) @Min(-1) keepAlive = 5 * MINUTE;
  /** References, separated by commas. */
  @Variable('LONGSHORE_PRELOAD') @IsString() preload = '';
  @Variable('LONGSHORE_LOAD_TIMEOUT', parseDuration) @IsPositive() loadTimeout = 10 * MINUTE;
  @Variable('LONGSHORE_ENGINE_STALL_TIMEOUT', parseDuration) @IsPositive() engineStallTimeout = 5 * MINUTE;
  @Variable('LONGSHORE_DRAIN_TIMEOUT', parseDuration) @Min(0) drainTimeout = 30 * SECOND;

  @Variable('LLAMA_SERVER_PATH') @IsOptional() @IsString() llamaServerPath?: string;
  @Variable('LLAMA_ARGS') @IsString() llamaArguments = '';
  @Variable('VLLM_SERVER_PATH') @IsOptional() @IsString() vllmServerPath?: string;
  @Variable('SGLANG_SERVER_PATH') @IsOptional() @IsString() sglangServerPath?: string;
  @Variable('OPENAI_ENGINE_URL') @IsOptional() @IsUrl(HTTP_URL) openaiEngineUrl?: string;
  @Variable('OPENAI_ENGINE_KEY') @IsOptional() @IsString() @IsNotEmpty() openaiEngineKey?: string;
  @Variable('DEFAULT_REGISTRY') @IsString() @IsNotEmpty() defaultRegistry = 'docker.io';
  @Variable('INSECURE_REGISTRY') @IsBoolean() insecureRegistry = false;
  @Variable('DOCKER_HUB_USER') @IsOptional() @IsString() dockerHubUser?: string;
  @Variable('DOCKER_HUB_PASSWORD') @IsOptional() @IsString() dockerHubPassword?: string;
  /** Checked list; `parseMirrors` reads it. */
  @Variable('LONGSHORE_REGISTRY_MIRRORS', checkMirrors) @IsString() registryMirrors = '';
  /** Hosts, as URLs write them, separated by commas. */
  @Variable('LONGSHORE_TRUSTED_TOKEN_HOSTS') @IsString() trustedTokenHosts = '';
  /** `.docker` in the user's folder when empty. */
  @Variable('DOCKER_CONFIG') @IsString() dockerConfig = '';
  @Variable('HF_ENDPOINT') @IsUrl(HTTP_URL) huggingFaceEndpoint = HUB_ENDPOINT;
  @Variable('HF_TOKEN') @IsOptional() @IsString() @IsNotEmpty() huggingFaceToken?: string;
}

/** A worker whose variant is settled. */
export type SettledConfig = Omit<WorkerConfig, 'variant'> & { readonly variant: Variant };

function parseKeepAlive(text: string): number {
  if (text.trim() === '-1') return -1;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!(error instanceof UnreadableValue)) throw error;
    throw new UnreadableValue(`${error.message}, or -1 for ever`);
  }
}

function checkMirrors(text: string): string {
  try {
    parseMirrors(text);
    return text;
  } catch (error) {
    if (error instanceof UnreadableMirrors) throw new UnreadableValue(error.message);
    throw error;
  }
}
