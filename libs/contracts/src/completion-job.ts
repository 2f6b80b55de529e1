import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsOptional,
  IsPositive,
  IsString,
  Matches,
  Max,
  Min,
} from 'class-validator';
import { ENVELOPE_VERSION, MODES, type Mode } from './vocabulary.js';

/** Routes of an engine that a completion job may name, and the mode each one needs. */
export const ENGINE_ROUTES = {
  '/v1/chat/completions': 'completion',
  '/v1/chat/completions/input_tokens': 'completion',
  '/v1/completions': 'completion',
  '/v1/embeddings': 'embedding',
  '/rerank': 'reranking',
  '/v1/rerank': 'reranking',
  '/score': 'reranking',
  '/v1/score': 'reranking',
} as const satisfies Record<string, Mode>;
export type EngineRoute = keyof typeof ENGINE_ROUTES;

/** What the id of a model looks like: the digest of its manifest. */
export const MODEL_ID = /^sha256:[0-9a-f]{64}$/;

/** Where the answer of a completion job goes. Read by itself when the rest of a job cannot be. */
export class ReplyAddress {
  /** Unique over the cluster; also the BullMQ job id, so that a waiting job can be removed by it. */
  @IsString() @IsNotEmpty() readonly requestId!: string;

  /** Whose reply channel the frames go to. */
  @IsString() @IsNotEmpty() readonly gatewayId!: string;

  /** The gateway's number for this response: u32, unique among its open responses. */
  @IsInt() @Min(0) @Max(0xffff_ffff) readonly stream!: number;
}

/**
 * One inference call, put into `completion.<variant>.<model>.<mode>` by a gateway and run by one worker.
 * The answer travels back as frames on the gateway's reply channel; the job's own result is empty.
 */
export class CompletionJob extends ReplyAddress {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;

  @IsIn(Object.keys(ENGINE_ROUTES)) readonly route!: EngineRoute;

  @IsIn(MODES) readonly mode!: Mode;

  @Matches(MODEL_ID) readonly modelId!: string;

  /** The caller's JSON body as it came, not parsed and not rewritten. */
  @IsString() @IsNotEmpty() readonly body!: string;

  /** True when the caller asked for server-sent events. */
  @IsBoolean() readonly streaming!: boolean;

  /** After this the answer is worthless and the job ends with an error. ms since the epoch. */
  @IsPositive() readonly deadline!: number;

  /** Bytes of frames kept in the response's log. Absent or 0: no log, so nobody can go on with a broken answer. */
  @IsOptional() @IsInt() @Min(0) readonly logLimit?: number;

  /** How long the log is kept after the last frame; ms. */
  @IsOptional() @IsInt() @Min(0) readonly logRetention?: number;

  /**
   * The request has an idempotency key: who makes it again may put its job in again when it is already done. Run it only
   * when its log does not end.
   */
  @IsOptional() @IsBoolean() readonly once?: boolean;

  /** How long the answer goes on although nobody listens to it; ms. */
  @IsOptional() @IsInt() @Min(0) readonly resumeWindow?: number;
}
