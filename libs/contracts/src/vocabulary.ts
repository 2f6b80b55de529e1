/** The closed sets of words that processes exchange. Their meanings are in the glossary of `docs/architecture.md`. */

/** One kind of worker image. Data, not code: nothing outside `deploy/variants` may branch on a single variant. */
export const VARIANTS = ['cpu', 'cuda', 'vllm-cuda', 'sglang-cuda', 'rocm', 'musa', 'cann'] as const;
export type Variant = (typeof VARIANTS)[number];

/** A program that generates. The names are those of the Model Runner wire contract. */
export const ENGINES = ['llama.cpp', 'vllm', 'sglang'] as const;
export type EngineName = (typeof ENGINES)[number];

/** The engine of each variant, and whether the llama.cpp that comes with the packages can stand in for it. */
export const VARIANT_ENGINES: Readonly<
  Record<Variant, { readonly engine: EngineName; readonly embedded: boolean }>
> = {
  cpu: { engine: 'llama.cpp', embedded: true },
  cuda: { engine: 'llama.cpp', embedded: true },
  'vllm-cuda': { engine: 'vllm', embedded: false },
  'sglang-cuda': { engine: 'sglang', embedded: false },
  rocm: { engine: 'llama.cpp', embedded: false },
  musa: { engine: 'llama.cpp', embedded: false },
  cann: { engine: 'llama.cpp', embedded: false },
};

/** What a session was loaded for. One engine process serves one mode. */
export const MODES = ['completion', 'embedding', 'reranking'] as const;
export type Mode = (typeof MODES)[number];

/** Weight formats a model artifact can carry. */
export const MODEL_FORMATS = ['gguf', 'safetensors'] as const;
export type ModelFormat = (typeof MODEL_FORMATS)[number];

/** Version of every envelope below. A reader refuses a major it does not know; fields are only ever added. */
export const ENVELOPE_VERSION = 1;
