export interface EmbeddedInput {
  /** As the model gives it, of any length. */
  readonly vector: readonly number[];
  readonly tokens: number;
}

/** The answer of `/v1/embeddings`. Vectors are brought to length 1. */
export function encodeEmbeddings(
  model: string,
  encoding: 'float' | 'base64',
  embedded: readonly EmbeddedInput[],
): object {
  const tokens = embedded.reduce((sum, input) => sum + input.tokens, 0);
  return {
    model,
    object: 'list',
    usage: { prompt_tokens: tokens, total_tokens: tokens },
    data: embedded.map(({ vector }, index) => {
      const unit = normalise(vector);
      return encoding === 'float'
        ? { embedding: unit, index, object: 'embedding' }
        : { embedding: encodeBase64(unit), index, object: 'embedding', encoding_format: 'base64' };
    }),
  };
}

/** Divides by the Euclidean norm; a vector of zeros stays what it is. */
export function normalise(vector: readonly number[]): number[] {
  const norm = Math.hypot(...vector);
  return vector.map((value) => (norm === 0 ? 0 : value / norm));
}

/** 32-bit floats, little-endian. */
function encodeBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4);
  return bytes.toString('base64');
}
