import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import {
  type Accelerator,
  ACCELERATORS,
  ENGINES,
  ENVELOPE_VERSION,
  MODEL_FORMATS,
  MODES,
  VARIANTS,
  type EngineName,
  type Mode,
  type ModelFormat,
  type Variant,
} from './vocabulary.js';

/** A worker announces itself this often; ms. */
export const HEARTBEAT_INTERVAL_MS = 500;

/** A worker not heard of for this long counts as dead, as long as Redis itself is reachable; ms. */
export const HEARTBEAT_EXPIRY_MS = 2_000;

/** One engine a worker can start. */
export class EngineAnnouncement {
  @IsIn(ENGINES) readonly name!: EngineName;
  /** `llama-server` or `embedded`, for people; placement does not read it. */
  @IsString() readonly driver!: string;
  @IsString() readonly version!: string;
  @IsArray() @IsIn(MODEL_FORMATS, { each: true }) readonly formats!: readonly ModelFormat[];
  /** Absent, of an older worker: completion and embedding. */
  @IsOptional() @IsArray() @IsIn(MODES, { each: true }) readonly modes?: readonly Mode[];
}

/** A device that computes, as the machine tells it. */
export class AcceleratorAnnouncement {
  @IsIn(ACCELERATORS) readonly kind!: Accelerator;
  /** `NVIDIA H100 80GB HBM3`; empty when the machine has no tool that says it. */
  @IsString() readonly name!: string;
  /** Bytes; 0 = unknown. */
  @IsInt() @Min(0) readonly memoryTotal!: number;
  @IsInt() @Min(0) readonly memoryFree!: number;
}

/** `loading`: takes nothing yet. `ready`: takes requests. `draining`: finishes what it has, and ends. */
const SESSION_STATES = ['loading', 'ready', 'draining'] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/** One engine process with one model. */
export class SessionAnnouncement {
  @Matches(MODEL_ID) readonly modelId!: string;
  @IsIn(MODES) readonly mode!: Mode;
  @IsIn(ENGINES) readonly engine!: EngineName;
  @IsIn(SESSION_STATES) readonly state!: SessionState;
  /** Requests it can run at once. */
  @IsInt() @Min(0) readonly slots!: number;
  /** Requests it is running. */
  @IsInt() @Min(0) readonly busy!: number;
  /** ms since the epoch; 0 when never used. */
  @IsInt() @Min(0) readonly lastUsed!: number;
  /** Requests it can be expected to finish in a second, with all slots busy; absent while nothing is known. */
  @IsOptional() @IsNumber() @Min(0) readonly drainRate?: number;
  /** The reference it was first asked for by; absent when it was loaded by its id. */
  @IsOptional() @IsString() readonly reference?: string;
  /** How long it stays when idle; ms, -1 for ever. Absent, of an older worker: unknown. */
  @IsOptional() @IsInt() @Min(-1) readonly keepAlive?: number;
  /** Tokens of one slot. Absent: the engine decided, or an older worker. */
  @IsOptional() @IsInt() @Min(1) readonly contextSize?: number;
  /** Revision of the configuration it runs with; absent when nobody has configured the model. */
  @IsOptional() @IsString() readonly revision?: string;
}

/** A worker's heartbeat: who it is, what it can run and what it holds. */
export class WorkerAnnouncement {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsString() @IsNotEmpty() readonly workerId!: string;
  @IsIn(VARIANTS) readonly variant!: Variant;
  /** Software version. */
  @IsString() readonly release!: string;
  @IsString() readonly host!: string;
  @IsInt() readonly pid!: number;
  /** True once it was asked to stop: it finishes what it has and takes nothing new. */
  @IsBoolean() readonly draining!: boolean;
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => EngineAnnouncement)
  readonly engines!: readonly EngineAnnouncement[];
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => SessionAnnouncement)
  readonly sessions!: readonly SessionAnnouncement[];
  /** Bytes. */
  @IsInt() @Min(0) readonly memoryTotal!: number;
  @IsInt() @Min(0) readonly memoryFree!: number;
  /** Absent or empty: the processor alone. */
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => AcceleratorAnnouncement)
  readonly accelerators?: readonly AcceleratorAnnouncement[];
  /** Where it serves its store to gateways and other workers, `http://host:port`; absent = nowhere. */
  @IsOptional() @IsString() readonly storeUrl?: string;
  /** Bytes its store takes on its volume. */
  @IsOptional() @IsInt() @Min(0) readonly storeBytes?: number;
  /** Which store it uses: workers that share one say the same. Absent, of an older worker: its own. */
  @IsOptional() @IsString() readonly storeId?: string;
  /** Ids of the models in its store. */
  @IsArray() @Matches(MODEL_ID, { each: true }) readonly models!: readonly string[];
  /** Completion queues it does not serve for now, because its engines kept dying with their models. */
  @IsOptional() @IsArray() @IsString({ each: true }) readonly avoids?: readonly string[];
}

/** Published instead of an announcement by a worker that leaves in good order. */
export class WorkerDeparture {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @IsString() @IsNotEmpty() readonly workerId!: string;
  @IsIn([true]) readonly left!: true;
}
