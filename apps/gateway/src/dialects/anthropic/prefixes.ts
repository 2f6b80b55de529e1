/** Where the Messages API is found: at its own place, where `ANTHROPIC_BASE_URL=<gateway>/anthropic` looks, and where Model Runner has it. */
export const ANTHROPIC_PREFIXES = ['v1', 'anthropic/v1', 'engines/v1', 'engines/:engine/v1'];
