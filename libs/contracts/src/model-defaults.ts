import { IsArray, IsInt, IsObject, IsOptional, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import { ENVELOPE_VERSION } from './vocabulary.js';

/**
 * What the name of a model brings along for calls by that name, as the Ollama API makes names of models. Holds for as long
 * as the name means that model.
 */
export class ModelDefaults {
  @IsInt() @Min(1) @Max(ENVELOPE_VERSION) readonly version: number = ENVELOPE_VERSION;
  /** Full reference. */
  @IsString() readonly reference!: string;
  @Matches(MODEL_ID) readonly modelId!: string;
  /** The name it was made from, as the caller wrote it. */
  @IsOptional() @IsString() readonly from?: string;
  /** Options, as the Ollama API writes them. */
  @IsOptional() @IsObject() readonly parameters?: Readonly<Record<string, unknown>>;
  @IsOptional() @IsString() readonly system?: string;
  /** Messages, as the Ollama API writes them. */
  @IsOptional()
  @IsArray()
  @IsObject({ each: true })
  readonly messages?: readonly Readonly<Record<string, unknown>>[];
  @IsOptional() @IsArray() @IsString({ each: true }) readonly license?: readonly string[];
}
