import { IsIn, IsInt, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENVELOPE_VERSION, MODES, type Mode } from './vocabulary.js';

/** Asks some worker of a variant to make a model resident in one mode. Deduplicated by model and mode. */
export class LoadJob {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @Matches(MODEL_ID) readonly modelId!: string;
  @IsIn(MODES) readonly mode!: Mode;
  /** The reference it is asked for by; absent when that was the id. */
  @IsOptional() @IsString() readonly reference?: string;
}

/** Deduplication id of a load job within its queue. */
export function loadJobId(job: Pick<LoadJob, 'modelId' | 'mode'>): string {
  return `${job.modelId.slice('sha256:'.length)}.${job.mode}`;
}
