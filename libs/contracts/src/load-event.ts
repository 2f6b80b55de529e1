import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENVELOPE_VERSION, MODES, VARIANTS, type Mode, type Variant } from './vocabulary.js';

/**
 * How far a load is.
 * - `waiting`: for room on the worker.
 * - `fetching`: the worker lacks the model and brings it in; `completed` of `total` bytes are there.
 * - `starting`: the engine reads the model.
 * - `ready`: it answers requests.
 * - `failed`: it does not, and this worker does not try again; `message` says why.
 */
const LOAD_STAGES = ['waiting', 'fetching', 'starting', 'ready', 'failed'] as const;
export type LoadStage = (typeof LOAD_STAGES)[number];

/** What a worker tells of a load, on the loads channel. Nothing is kept of it: what is resident is in announcements. */
export class LoadEvent {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsString() @IsNotEmpty() readonly workerId!: string;
  @IsIn(VARIANTS) readonly variant!: Variant;
  @Matches(MODEL_ID) readonly modelId!: string;
  @IsIn(MODES) readonly mode!: Mode;
  @IsIn(LOAD_STAGES) readonly stage!: LoadStage;
  /** Bytes, of `fetching`. */
  @IsOptional() @IsInt() @Min(0) readonly completed?: number;
  @IsOptional() @IsInt() @Min(0) readonly total?: number;
  /** Of `failed`: an error code of the catalogue. */
  @IsOptional() @IsString() readonly code?: string;
  /** Of `failed`: one sentence. */
  @IsOptional() @IsString() readonly message?: string;
}
