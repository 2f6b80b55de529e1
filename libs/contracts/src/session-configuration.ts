import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsArray,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENGINES, ENVELOPE_VERSION, MODES, type EngineName, type Mode } from './vocabulary.js';

/** A small model that proposes tokens, which the model then checks. */
export class SpeculativeSettings {
  @Matches(MODEL_ID) readonly draftModelId!: string;
  /** Tokens to propose at once; absent = the engine's own. */
  @IsOptional() @IsInt() @Min(1) readonly tokens?: number;
  /** 0 to 1; absent = the engine's own. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) readonly minimumAcceptance?: number;
}

/** Revision of a configuration that asks for nothing but how long a session stays: any session will do. */
export const NO_REVISION = '';

/**
 * How a model is to be run in one mode, on every worker, from now on: kept in Redis until it is taken away. Absent
 * members leave it to the worker. Flags have been checked against the engine that is to run them.
 */
export class SessionConfiguration {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  @Matches(MODEL_ID) readonly modelId!: string;
  @IsIn(MODES) readonly mode!: Mode;
  /** As the caller wrote it, made full. */
  @IsString() readonly reference!: string;
  /** The engine the flags were checked against. */
  @IsIn(ENGINES) readonly engine!: EngineName;
  /** Differs when anything here but `keepAlive` does: a session of another revision is to be replaced; or {@link NO_REVISION}. */
  @IsString() readonly revision!: string;
  /** Tokens of one slot; -1 = as many as the model can. */
  @IsOptional() @IsInt() @Min(-1) readonly contextSize?: number;
  @IsOptional() @IsArray() @IsString({ each: true }) readonly flags?: readonly string[];
  /** ms; 0 = unload at once when idle, -1 = keep for ever. */
  @IsOptional() @IsInt() @Min(-1) readonly keepAlive?: number;
  @IsOptional() @ValidateNested() @Type(() => SpeculativeSettings) readonly speculative?: SpeculativeSettings;
  /** Tokens of reasoning, of llama.cpp: -1 = any number. */
  @IsOptional() @IsInt() @Min(-1) readonly reasoningBudget?: number;
  /** Share of the device's memory, of vLLM: above 0, to 1. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) readonly gpuMemoryUtilization?: number;
  /** Of vLLM: members of the model's `config.json` to replace. */
  @IsOptional() @IsObject() readonly hfOverrides?: Readonly<Record<string, unknown>>;
}

/** Field of a configuration in its hash. */
export function configurationField({
  modelId,
  mode,
}: Pick<SessionConfiguration, 'modelId' | 'mode'>): string {
  return `${modelId.slice('sha256:'.length)}.${mode}`;
}
