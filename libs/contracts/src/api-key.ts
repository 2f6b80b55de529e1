import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
} from 'class-validator';
import { ENVELOPE_VERSION } from './vocabulary.js';

/**
 * What a key may do: `inference` asks models, `models` pulls, pushes, deletes, packages, configures and unloads them,
 * `admin` does everything.
 */
export const SCOPES = ['inference', 'models', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** An API key as its holder sends it: `lsk_` and 256 random bits. */
export const API_KEY = /^lsk_[\w-]{43}$/;

/** Names of models, with `*` for any characters. */
export const MODEL_PATTERN = /^[\w./:@*-]{1,256}$/;

/** What is kept of an API key: never the key itself. */
export class ApiKey {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  /** For people and for deleting; no secret. */
  @Matches(/^key_[\w-]{12}$/) readonly id!: string;
  @IsString() @MaxLength(200) readonly name!: string;
  @ArrayMinSize(1) @IsIn(SCOPES, { each: true }) readonly scopes!: readonly Scope[];
  /** Models it may name, such as `ai/*`; absent = all. */
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(100)
  @Matches(MODEL_PATTERN, { each: true })
  readonly models?: readonly string[];
  /** Inference calls; absent = any number. */
  @IsOptional() @IsInt() @Min(1) @Max(1e9) readonly requestsPerMinute?: number;
  /** Of prompts and answers together; absent = any number. */
  @IsOptional() @IsInt() @Min(1) @Max(1e12) readonly tokensPerMinute?: number;
  /** ms since the epoch. */
  @IsInt() @Min(0) readonly createdAt!: number;
  /** ms since the epoch; absent = never. */
  @IsOptional() @IsInt() @Min(0) readonly expiresAt?: number;
}
