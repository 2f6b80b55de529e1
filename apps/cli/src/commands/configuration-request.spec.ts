import { describe, expect, it } from 'vitest';
import { configurationRequest } from './configuration-request.js';

describe('configurationRequest', () => {
  it('has nothing that was not asked for', () => {
    expect(configurationRequest('m', [], {})).toEqual({ model: 'm' });
  });

  it('spells every member as the Model Runner does', () => {
    const body = configurationRequest('m', ['--temp', '0.7'], {
      contextSize: 8192,
      mode: 'Embedding',
      keepAlive: '-1',
      think: false,
      speculativeDraftModel: 'small',
      speculativeNumTokens: 4,
      speculativeMinAcceptanceRate: 0.5,
      hf_overrides: '{"a":{"b":1}}',
      gpuMemoryUtilization: 0.8,
    });
    expect(body).toEqual({
      model: 'm',
      mode: 'embedding',
      'context-size': 8192,
      'runtime-flags': ['--temp', '0.7'],
      keep_alive: '-1',
      speculative: { draft_model: 'small', num_tokens: 4, min_acceptance_rate: 0.5 },
      vllm: { 'hf-overrides': { a: { b: 1 } }, 'gpu-memory-utilization': 0.8 },
      llamacpp: { 'reasoning-budget': 0 },
    });
  });

  it('lets a model think without a limit', () => {
    expect(configurationRequest('m', [], { think: true })).toMatchObject({
      llamacpp: { 'reasoning-budget': -1 },
    });
  });

  it.each(['[]', '1', '{', 'null'])('refuses the overrides %s', (text) => {
    expect(() => configurationRequest('m', [], { hf_overrides: text })).toThrow(
      /--hf_overrides must be a JSON object/,
    );
  });

  it('refuses guesses of no model', () => {
    expect(() => configurationRequest('m', [], { speculativeNumTokens: 4 })).toThrow(
      /--speculative-draft-model/,
    );
  });
});
