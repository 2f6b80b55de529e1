import { describe, expect, it } from 'vitest';
import { chooseVariant } from './choose-variant.js';

describe('the variant of a machine', () => {
  it('is the processor’s when there is nothing else', () => {
    expect(chooseVariant({ accelerators: [], installed: ['llama.cpp', 'vllm'] })).toBe('cpu');
  });

  it('is one for the accelerator and an engine that is installed', () => {
    expect(chooseVariant({ accelerators: ['nvidia'], installed: ['llama.cpp'] })).toBe('cuda');
    expect(chooseVariant({ accelerators: ['nvidia'], installed: ['vllm'] })).toBe('vllm-cuda');
    expect(chooseVariant({ accelerators: ['nvidia'], installed: ['sglang'] })).toBe('sglang-cuda');
    expect(chooseVariant({ accelerators: ['amd'], installed: ['llama.cpp'] })).toBe('rocm');
    expect(chooseVariant({ accelerators: ['mthreads'], installed: ['llama.cpp'] })).toBe('musa');
    expect(chooseVariant({ accelerators: ['ascend'], installed: ['llama.cpp'] })).toBe('cann');
  });

  it('makes do with the engine of the packages where that has a build for the accelerator', () => {
    expect(chooseVariant({ accelerators: ['nvidia'], installed: [] })).toBe('cuda');
    expect(chooseVariant({ accelerators: ['amd'], installed: [] })).toBe('cpu');
  });

  it('is the processor’s when no installed engine can use the accelerator', () => {
    expect(chooseVariant({ accelerators: ['ascend'], installed: ['vllm'] })).toBe('cpu');
  });
});
