import { describe, expect, it } from 'vitest';
import { chooseVariant } from './choose-variant.js';
import { detectVariant } from './machine-variant.js';

const facts = (devices: string[], programs: string[] = []) => ({
  devices: new Set(devices),
  programs: new Set(programs),
});
const nothingInstalled = { path: '', llamaServerPath: '', vllmServerPath: '', sglangServerPath: '' };
const llamaServer = { ...nothingInstalled, llamaServerPath: process.execPath };

describe('detectVariant', () => {
  it.each([
    ['/dev/nvidiactl', 'cuda'],
    ['/dev/kfd', 'rocm'],
    ['/dev/mtgpu.0', 'musa'],
    ['/dev/davinci_manager', 'cann'],
  ])('takes %s for %s', (device, variant) => {
    expect(detectVariant(facts([device]))).toEqual({ variant, because: `${device} is there` });
  });

  it('takes nvidia-smi for cuda where the device file is hidden', () => {
    expect(detectVariant(facts([], ['nvidia-smi'])).variant).toBe('cuda');
  });

  it('falls back to cpu', () => {
    expect(detectVariant(facts([])).variant).toBe('cpu');
  });
});

describe('chooseVariant', () => {
  it('takes what was asked for over what the machine shows', () => {
    expect(chooseVariant('cpu', facts(['/dev/nvidiactl']), nothingInstalled).variant).toBe('cpu');
  });

  it('uses the embedded engine where there is no llama-server', () => {
    expect(chooseVariant(undefined, facts([]), nothingInstalled).engine.description).toBe(
      'embedded llama.cpp',
    );
  });

  it('prefers the llama-server that is configured', () => {
    const { description } = chooseVariant(undefined, facts([]), llamaServer).engine;
    expect(description).toBe(`llama-server (${process.execPath})`);
  });

  it('runs a detected variant that has its engine', () => {
    expect(chooseVariant(undefined, facts(['/dev/kfd']), llamaServer).variant).toBe('rocm');
  });

  it('gives way to cpu, and says why, when a detected variant has no engine', () => {
    const chosen = chooseVariant(undefined, facts(['/dev/kfd']), nothingInstalled);
    expect(chosen.variant).toBe('cpu');
    expect(chosen.explanation).toContain('There is no engine for variant rocm: llama-server is needed');
  });

  it('refuses a variant that was asked for and has no engine', () => {
    expect(() => chooseVariant('vllm-cuda', facts([]), llamaServer)).toThrow(
      /^There is no engine for variant vllm-cuda: vllm is needed, on the PATH or in VLLM_SERVER_PATH\. .* Or start with --variant cpu\.$/,
    );
  });

  it.each([
    ['LLAMA_SERVER_PATH', { llamaServerPath: '/nowhere/program' }],
    ['VLLM_SERVER_PATH', { vllmServerPath: '/nowhere/program' }],
    ['SGLANG_SERVER_PATH', { sglangServerPath: '/nowhere/program' }],
  ])('refuses a %s that leads to no program', (variable, path) => {
    expect(() => chooseVariant(undefined, facts([]), { ...nothingInstalled, ...path })).toThrow(
      `${variable} does not lead to a program that can be run.`,
    );
  });

  it.each([
    ['vllm-cuda', { vllmServerPath: process.execPath }, 'vllm'],
    ['sglang-cuda', { sglangServerPath: process.execPath }, 'sglang'],
  ] as const)('runs %s with the program that is configured', (variant, path, program) => {
    const { engine } = chooseVariant(variant, facts([]), { ...nothingInstalled, ...path });
    expect(engine.description).toBe(`${program} (${process.execPath})`);
  });

  it('says how to get SGLang', () => {
    expect(() => chooseVariant('sglang-cuda', facts([]), nothingInstalled)).toThrow(
      /sglang is needed, on the PATH or in SGLANG_SERVER_PATH\. .*pip install sglang/,
    );
  });
});
