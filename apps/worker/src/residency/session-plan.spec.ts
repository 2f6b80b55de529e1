import { describe, expect, it } from 'vitest';
import type { SessionConfiguration } from '#contracts';
import { contextSizeFor, keepAliveFor, settingsOf } from './session-plan.js';

describe('the context of a session', () => {
  const wishes = { configured: undefined, worker: 0, model: 8_192, format: 'gguf' } as const;

  it('is what is configured for the model, then for the worker', () => {
    expect(contextSizeFor({ ...wishes, configured: 512, worker: 1_024 })).toBe(512);
    expect(contextSizeFor({ ...wishes, worker: 1_024 })).toBe(1_024);
  });

  it('is as long as the model can when that is asked for', () => {
    expect(contextSizeFor({ ...wishes, configured: -1, worker: 1_024 })).toBe(8_192);
    expect(contextSizeFor({ ...wishes, configured: -1, model: undefined })).toBeUndefined();
  });

  it('is the model’s own up to a limit where each slot takes memory, and left to the engine elsewhere', () => {
    expect(contextSizeFor(wishes)).toBe(4_096);
    expect(contextSizeFor({ ...wishes, model: 2_048 })).toBe(2_048);
    expect(contextSizeFor({ ...wishes, model: undefined })).toBe(4_096);
    expect(contextSizeFor({ ...wishes, format: 'safetensors' })).toBeUndefined();
  });
});

describe('a configuration', () => {
  const configuration: SessionConfiguration = {
    version: 1,
    modelId: `sha256:${'0'.repeat(64)}`,
    mode: 'completion',
    reference: 'docker.io/ai/a:latest',
    engine: 'llama.cpp',
    revision: '1',
  };

  it('says what it says to the engine, and nothing when it says nothing', () => {
    expect(settingsOf(undefined, undefined)).toBeUndefined();
    expect(settingsOf({ ...configuration, flags: [], contextSize: 5 }, undefined)).toBeUndefined();
    const settings = {
      flags: ['--mlock'],
      reasoningBudget: 0,
      gpuMemoryUtilization: 0.5,
      hfOverrides: { a: 1 },
    };
    expect(settingsOf({ ...configuration, ...settings }, undefined)).toEqual(settings);
  });

  it('brings the draft model along', () => {
    const draft = { files: { format: 'gguf', weights: '/draft' }, tokens: 4 } as const;
    expect(settingsOf(undefined, draft)).toEqual({ draft });
  });

  it('says how long the session stays, then a pin, then the worker', () => {
    expect(keepAliveFor({ configured: 0, pinned: true, worker: 5 })).toBe(0);
    expect(keepAliveFor({ configured: undefined, pinned: true, worker: 5 })).toBe(-1);
    expect(keepAliveFor({ configured: undefined, pinned: false, worker: 5 })).toBe(5);
  });
});
