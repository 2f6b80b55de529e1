/** The shapes of the Model Runner API that the command line reads. Members may be missing where `?` says so. */

export interface Model {
  /** `sha256:` + 64 hex. */
  readonly id: string;
  readonly tags?: readonly string[];
  /** Seconds since the epoch. */
  readonly created: number;
  readonly config: ModelDescription;
}

export interface ModelDescription {
  readonly format?: string;
  readonly quantization?: string;
  readonly parameters?: string;
  readonly architecture?: string;
  readonly size?: string;
  readonly gguf?: Readonly<Record<string, string>>;
  readonly safetensors?: Readonly<Record<string, string>>;
  readonly diffusers?: Readonly<Record<string, string>>;
  readonly context_size?: number;
}

export interface OpenAiModel {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
}

export interface OpenAiModelList {
  readonly object: string;
  readonly data: readonly OpenAiModel[];
}

export interface RunningModel {
  readonly backend_name: string;
  readonly model_name: string;
  readonly mode: string;
  /** `0001-01-01T00:00:00Z` when never. */
  readonly last_used: string;
  readonly in_use?: boolean;
  readonly loading?: boolean;
  /** A Go duration, or `-1` for ever. */
  readonly keep_alive?: string;
  readonly workers?: readonly string[];
}

export interface DiskUsage {
  /** Bytes. */
  readonly models_disk_usage: number;
  readonly default_backend_disk_usage: number;
}

/** One step of a removal, in order. */
export type RemovalStep = { readonly Untagged: string } | { readonly Deleted: string };

/** Times in seconds since the epoch; null = none. */
export interface ApiKeyEntry {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly string[];
  /** null = all. */
  readonly models: readonly string[] | null;
  readonly requests_per_minute: number | null;
  readonly tokens_per_minute: number | null;
  readonly created: number;
  readonly expires: number | null;
  readonly last_used: number | null;
}

export interface ApiKeyList {
  readonly data: readonly ApiKeyEntry[];
}

export interface CreatedApiKey extends ApiKeyEntry {
  readonly key: string;
}
