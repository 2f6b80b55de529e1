import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENGINES, type EngineName, ENVELOPE_VERSION, type Mode, MODES } from './vocabulary.js';

const CONTROL_KINDS = [
  'cancel',
  'pause',
  'resume',
  'replay',
  'delete-model',
  'tag-model',
  'cancel-pull',
  'purge-models',
  'unload',
  'configure',
] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];

/**
 * What gateways tell workers, over pub/sub. Published by the gateway that owns the response; the worker reacts.
 * - `cancel`: abort the request wherever it is. Sent to all workers while nobody is known to run it.
 * - `pause`, `resume`: stop and go on reading from the engine, because the client is slow.
 * - `replay`: send the frames of `requestId` again, from `sequence` of `attempt` on.
 * - `delete-model`: forget `reference`, and the model when no reference is left.
 * - `tag-model`: `reference` names `modelId` from now on, and no other model.
 * - `cancel-pull`: stop the pull of `reference`.
 * - `purge-models`: forget every model.
 * - `unload`: end the idle sessions of `modelId` (of every model when absent), of `mode` and `engine` where given.
 * - `configure`: the configuration of `modelId` in `mode` has changed; read it again and put it into force.
 */
export class ControlMessage {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsIn(CONTROL_KINDS) readonly kind!: ControlKind;
  /** Of the kinds that are about a request. */
  @IsOptional() @IsString() @IsNotEmpty() readonly requestId?: string;
  /** Of `replay`. */
  @IsOptional() @IsInt() @Min(0) readonly attempt?: number;
  /** Of `replay`. */
  @IsOptional() @IsInt() @Min(0) readonly sequence?: number;
  /** Of the kinds about a model: a full reference; of `delete-model` also `sha256:…` for the model with all of them. */
  @IsOptional() @IsString() @IsNotEmpty() readonly reference?: string;
  /** Of `tag-model`, `unload` and `configure`. */
  @IsOptional() @Matches(MODEL_ID) readonly modelId?: string;
  /** Of `unload` and `configure`. */
  @IsOptional() @IsIn(MODES) readonly mode?: Mode;
  /** Of `unload`. */
  @IsOptional() @IsIn(ENGINES) readonly engine?: EngineName;
}
