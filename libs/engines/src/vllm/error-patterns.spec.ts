import { describe, expect, it } from 'vitest';
import { explainVllmEnd, vllmLackedMemory } from './error-patterns.js';

const ended = (...lastLines: string[]) => ({ code: 1, signal: null, asked: false, lastLines });

describe('explainVllmEnd', () => {
  it.each([
    [
      '(EngineCore pid=1) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB',
      /not enough memory/,
    ],
    ['ValueError: No available memory for the cache blocks. Try increasing', /not enough memory/],
    [
      "ValueError: To serve at least one request with the model's max seq len (8192), (4 GiB KV cache is needed, which is larger than the available KV cache memory (1 GiB).",
      /not enough memory/,
    ],
    [
      'ValueError: Available memory on node 0 (3/24 GiB) on startup is less than desired CPU memory utilization (0.92, 22 GiB).',
      /not enough memory/,
    ],
    [
      'ValueError: Free memory on device cuda:0 (10/80 GiB) on startup is less than desired GPU memory utilization (0.9, 72 GiB).',
      /not enough memory/,
    ],
  ])('knows want of memory by %j', (text, sentence) => {
    expect(explainVllmEnd(ended(text, 'RuntimeError: Engine core initialization failed.'))).toMatch(sentence);
    expect(vllmLackedMemory(ended(text))).toBe(true);
  });

  it.each([
    [
      'User-specified max_model_len (99999) is greater than the derived max_model_len (max_position_embeddings=8192)',
      'the model cannot hold the 99999 tokens that were asked for',
    ],
    [
      "ValueError: Model architectures ['NewForCausalLM'] are not supported for now.",
      'does not know the model architecture "NewForCausalLM"',
    ],
    ['safetensors_rust.SafetensorError: Error while deserializing header', 'cut short or damaged'],
    ['vllm: error: unrecognized arguments: --nothing', 'does not know the arguments "--nothing"'],
    ['OSError: [Errno 98] Address already in use', 'its socket or port is in use'],
    ['ValueError: Something new', 'it says "Something new"'],
  ])('says what %j means', (text, sentence) => {
    expect(explainVllmEnd(ended(text))).toContain(sentence);
    expect(vllmLackedMemory(ended(text))).toBe(false);
  });

  it('quotes nothing of requests once it has served some', () => {
    const end = { ...ended('ValueError: secret of a caller'), served: true };
    expect(explainVllmEnd(end)).toBe('vLLM ended with exit code 1.');
  });
});
