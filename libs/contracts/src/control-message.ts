import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Max, Min } from 'class-validator';
import { ENVELOPE_VERSION } from './vocabulary.js';

/**
 * What gateways tell workers, over pub/sub. Published by the gateway that owns the response; the worker reacts.
 * - `cancel`: abort the request wherever it is. Sent to all workers while nobody is known to run it.
 * - `pause`, `resume`: stop and go on reading from the engine, because the client is slow.
 * - `replay`: send the frames of `requestId` again, from `sequence` of `attempt` on.
 * - `delete-model`: forget `reference`, and the model when no reference is left.
 */
export const CONTROL_KINDS = ['cancel', 'pause', 'resume', 'replay', 'delete-model'] as const;
export type ControlKind = (typeof CONTROL_KINDS)[number];

export class ControlMessage {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsIn(CONTROL_KINDS) readonly kind!: ControlKind;
  /** Of every kind but `delete-model`. */
  @IsOptional() @IsString() @IsNotEmpty() readonly requestId?: string;
  /** Of `replay`. */
  @IsOptional() @IsInt() @Min(0) readonly attempt?: number;
  /** Of `replay`. */
  @IsOptional() @IsInt() @Min(0) readonly sequence?: number;
  /** Of `delete-model`: a full reference, or `sha256:…` for the model with all its references. */
  @IsOptional() @IsString() @IsNotEmpty() readonly reference?: string;
}
