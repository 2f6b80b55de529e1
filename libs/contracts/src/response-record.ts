import { IsBoolean, IsInt, IsNotEmpty, IsOptional, IsPositive, IsString, Min } from 'class-validator';
import { ReplyAddress } from './completion-job.js';

/**
 * What any gateway needs to know of a response to serve it, beside its frames. Written together with the job when the
 * request is to survive its client, and for others once they have waited for a while: the rest can be had from the log.
 */
export class ResponseRecord extends ReplyAddress {
  @IsInt() @Min(1) readonly version!: number;

  /** The queue the job was put into. */
  @IsString() @IsNotEmpty() readonly queue!: string;

  /** True when the answer is an event stream. */
  @IsBoolean() readonly streaming!: boolean;

  /** True when the request goes on for a while after its client has gone. */
  @IsBoolean() readonly resumable!: boolean;

  /** ms since the epoch. */
  @IsPositive() readonly deadline!: number;

  /** What to tell about where it runs, as the response header of the gateway that accepted it. */
  @IsOptional() @IsString() readonly placement?: string;
}

/** Which request an `Idempotency-Key` was first used for. */
export class IdempotencyClaim {
  @IsInt() @Min(1) readonly version!: number;

  @IsString() @IsNotEmpty() readonly requestId!: string;

  /** Hex digest of the route and the body. */
  @IsString() @IsNotEmpty() readonly fingerprint!: string;
}
