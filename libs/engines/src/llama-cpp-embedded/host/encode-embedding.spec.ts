import { describe, expect, it } from 'vitest';
import { encodeEmbeddings, normalise } from './encode-embedding.js';

describe('encodeEmbeddings', () => {
  it('gives vectors of length 1 in the order of the inputs, and counts their tokens', () => {
    const embedded = [
      { vector: [3, 4], tokens: 2 },
      { vector: [0, -2], tokens: 3 },
    ];
    expect(encodeEmbeddings('m', 'float', embedded)).toEqual({
      model: 'm',
      object: 'list',
      usage: { prompt_tokens: 5, total_tokens: 5 },
      data: [
        { embedding: [0.6, 0.8], index: 0, object: 'embedding' },
        { embedding: [0, -1], index: 1, object: 'embedding' },
      ],
    });
  });

  it('writes base64 as 32-bit floats, little-endian', () => {
    expect(encodeEmbeddings('m', 'base64', [{ vector: [1, 0], tokens: 1 }])).toMatchObject({
      data: [{ embedding: 'AACAPwAAAAA=', encoding_format: 'base64' }],
    });
  });

  it('leaves a vector of zeros as it is', () => {
    expect(normalise([0, 0])).toEqual([0, 0]);
  });
});
