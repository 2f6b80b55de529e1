import { Type } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENVELOPE_VERSION } from './vocabulary.js';

/** Downloads one model into a worker's store. Single-flight: one job a reference at a time over the whole cluster. */
export class PullJob {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;

  /** Full reference, for example `docker.io/ai/smollm2:latest`. */
  @IsString() @IsNotEmpty() readonly reference!: string;

  /** Registry token of the caller that started the pull. Never logged. */
  @IsOptional() @IsString() readonly bearerToken?: string;
}

/** One layer's part of a progress line; sizes in bytes. */
export class LayerProgress {
  @IsOptional() @IsString() readonly id?: string;
  @Min(0) readonly size!: number;
  @Min(0) readonly current!: number;
}

/** One line of the progress stream of a pull or push, as existing clients read it. */
export class ProgressLine {
  @IsIn(['progress', 'success', 'warning', 'error'])
  readonly type!: 'progress' | 'success' | 'warning' | 'error';
  @IsString() readonly message!: string;
  /** Bytes of the whole artifact; 0 when not applicable. */
  @Min(0) readonly total!: number;
  @IsObject() @ValidateNested() @Type(() => LayerProgress) readonly layer!: LayerProgress;
  @IsIn(['pull', 'push']) readonly mode!: 'pull' | 'push';
}

/** How a pull failed; decides the HTTP status when no progress was sent yet. */
const PULL_FAILURES = ['unauthorized', 'not-found', 'unsupported', 'invalid', 'failed'] as const;
export type PullFailure = (typeof PULL_FAILURES)[number];

/** The rules of a `PullOutcome`. */
class PullOutcomeFields {
  @IsBoolean() readonly ok!: boolean;
  @IsString() readonly message!: string;
  @ValidateIf(({ ok }: PullOutcomeFields) => ok) @Matches(MODEL_ID) readonly modelId?: string;
  @ValidateIf(({ ok }: PullOutcomeFields) => !ok) @IsIn(PULL_FAILURES) readonly failure?: PullFailure;
}

/** Published on the pulls channel by the worker that runs the pull; gateways forward it to every caller. */
export class PullEvent {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsString() @IsNotEmpty() readonly reference!: string;
  /** Absent on the last event. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => ProgressLine) readonly line?: ProgressLine;
  /** Present on the last event only. */
  @IsOptional() @IsObject() @ValidateNested() @Type(() => PullOutcomeFields) readonly outcome?: PullOutcome;
}

/** How a pull ended. Also the BullMQ return value, for callers who missed the event. */
export type PullOutcome =
  | { readonly ok: true; readonly modelId: string; readonly message: string }
  | { readonly ok: false; readonly failure: PullFailure; readonly message: string };

/** Body of `POST /models/create`. */
export class PullRequest {
  @IsString() @IsNotEmpty() readonly from!: string;
  @IsOptional() @IsString() readonly 'bearer-token'?: string;
}
