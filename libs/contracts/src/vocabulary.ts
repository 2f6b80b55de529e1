/** The closed sets of words that processes exchange. Their meanings are in the glossary of `docs/architecture.md`. */

/** One kind of worker image. Data, not code: nothing outside `deploy/variants` may branch on a single variant. */
export const VARIANTS = ['cpu', 'cuda', 'vllm-cuda', 'sglang-cuda', 'rocm', 'musa', 'cann'] as const;
export type Variant = (typeof VARIANTS)[number];

/**
 * A program that generates. The names are those of the Model Runner wire contract; `openai` is a server that somebody
 * else runs and that a worker attaches to.
 */
export const ENGINES = ['llama.cpp', 'vllm', 'sglang', 'openai'] as const;
export type EngineName = (typeof ENGINES)[number];

/** What a machine computes with beside its processor, by who makes it. */
export const ACCELERATORS = ['nvidia', 'amd', 'mthreads', 'ascend'] as const;
export type Accelerator = (typeof ACCELERATORS)[number];

export interface VariantTraits {
  /** The engine the variant is for. A worker can be told of others. */
  readonly engine: EngineName;
  /** Whether the llama.cpp that comes with the packages can stand in for it. */
  readonly embedded: boolean;
  /** Absent: the processor alone. */
  readonly accelerator?: Accelerator;
}

/** The weight format of models that workers of a variant are started for. */
export const ENGINE_FORMATS: Readonly<Record<EngineName, ModelFormat>> = {
  'llama.cpp': 'gguf',
  vllm: 'safetensors',
  sglang: 'safetensors',
  openai: 'remote',
};

/** What holds for every worker of a variant; `deploy/variants` says the rest. */
export const VARIANT_TRAITS: Readonly<Record<Variant, VariantTraits>> = {
  cpu: { engine: 'llama.cpp', embedded: true },
  cuda: { engine: 'llama.cpp', embedded: true, accelerator: 'nvidia' },
  'vllm-cuda': { engine: 'vllm', embedded: false, accelerator: 'nvidia' },
  'sglang-cuda': { engine: 'sglang', embedded: false, accelerator: 'nvidia' },
  rocm: { engine: 'llama.cpp', embedded: false, accelerator: 'amd' },
  musa: { engine: 'llama.cpp', embedded: false, accelerator: 'mthreads' },
  cann: { engine: 'llama.cpp', embedded: false, accelerator: 'ascend' },
};

/** What a session was loaded for. One engine process serves one mode. */
export const MODES = ['completion', 'embedding', 'reranking'] as const;
export type Mode = (typeof MODES)[number];

/** Weight formats a model artifact can carry; a `remote` model has no files here, an attached server holds it. */
export const MODEL_FORMATS = ['gguf', 'safetensors', 'remote'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

/** Version of every envelope below. A reader refuses a major it does not know; fields are only ever added. */
export const ENVELOPE_VERSION = 1;
