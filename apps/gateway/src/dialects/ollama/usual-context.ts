import type { ModelConfig } from '#contracts';

/** What a slot of a GGUF model gets at most where nobody asked for more: each slot's context takes memory; tokens. */
const GGUF_LIMIT = 4_096;

/** Tokens that sessions of a model have where nothing is configured; undefined = as many as the engine thinks right. */
export function usualContext({ format, context_size: trained }: ModelConfig): number | undefined {
  return format === 'gguf' ? Math.min(trained ?? GGUF_LIMIT, GGUF_LIMIT) : trained;
}
