import { IsArray, IsInt, IsObject, IsString, Matches, Min } from 'class-validator';
import { MODEL_ID } from './completion-job.js';
import type { ModelFormat } from './vocabulary.js';

/** What clients see of a model's configuration; members are absent when unknown. Shape of the Model Runner API. */
export interface ModelConfig {
  readonly format?: ModelFormat;
  readonly quantization?: string;
  /** For example `361.82 M`. */
  readonly parameters?: string;
  readonly architecture?: string;
  /** For example `256.35 MiB`. */
  readonly size?: string;
  readonly gguf?: Readonly<Record<string, string>>;
  readonly safetensors?: Readonly<Record<string, string>>;
  readonly context_size?: number;
}

/** One model as the cluster knows it. */
export class CatalogueModel {
  /** `sha256:` + 64 hex: digest of the manifest bytes. */
  @Matches(MODEL_ID) readonly id!: string;

  /** Full references, oldest first. Empty for an untagged model. */
  @IsArray() @IsString({ each: true }) readonly tags!: readonly string[];

  /** Seconds since the epoch. */
  @IsInt() @Min(0) readonly created!: number;

  @IsObject() readonly config!: ModelConfig;

  /** Bytes of all blobs. */
  @IsInt() @Min(0) readonly size!: number;

  /** Where a worker that lacks the model can pull it from, pinned to the digest: `host/repo@sha256:…`. */
  @IsString() readonly origin!: string;
}
