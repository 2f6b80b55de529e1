import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENVELOPE_VERSION, MODES, type Mode } from './vocabulary.js';

/** One inference call with its answer, as people look at it. Both may be cut. Kept only where requests are recorded. */
export class RecordedRequest {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  /** `<model id>_<ns since the epoch>`. */
  @IsString() readonly id!: string;
  @Matches(MODEL_ID) readonly modelId!: string;
  @IsIn(MODES) readonly mode!: Mode;
  /** As the caller wrote it. */
  @IsString() readonly model!: string;
  @IsString() readonly method!: string;
  /** Path and query. */
  @IsString() readonly url!: string;
  /** The body, with long base64 cut. */
  @IsString() readonly request!: string;
  /** Of an answer below 400; an event stream is put together into one object. */
  @IsOptional() @IsString() readonly response?: string;
  /** Of any other answer: JSON. */
  @IsOptional() @IsString() readonly error?: string;
  /** Seconds since the epoch. */
  @IsInt() @Min(0) readonly timestamp!: number;
  /** 408 when the caller went away before there was one. */
  @IsInt() @Min(0) readonly status!: number;
  @IsString() readonly userAgent!: string;
  /** The API the call came by, where that is not OpenAI's. */
  @IsOptional() @IsString() readonly origin?: string;
}
