import { describe, expect, it } from 'vitest';
import { worker } from '../__fakes__/fake-workers.js';
import { engineStatus } from './engine-status.js';

describe('engineStatus', () => {
  it('names the versions of all living workers once', () => {
    const newer = {
      ...worker(),
      engines: [{ name: 'llama.cpp', driver: 'embedded', version: 'b2', formats: [] }],
    };
    expect(engineStatus([worker(), worker(), newer as never])['llama.cpp']).toBe('Running: llama.cpp b1, b2');
  });

  it('says that an engine is not there in the words existing clients know', () => {
    for (const status of Object.values(engineStatus([]))) expect(status).toMatch(/^Not Installed: /);
  });
});
