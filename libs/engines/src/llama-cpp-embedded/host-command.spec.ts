import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { SessionSpec } from '../engine.js';
import { findHostEntry, hostArguments, hostCommand } from './host-command.js';

const spec: SessionSpec = {
  servedName: 'ai/model',
  mode: 'completion',
  files: { format: 'gguf', weights: '/m.gguf' },
  slots: 4,
  threads: 2,
  runDirectory: '/run',
  log: () => undefined,
};
const place = { socketPath: '/run/h.sock', gpu: 'auto' };

describe('hostArguments', () => {
  it('says what to load, where to answer and how much to do at once', () => {
    expect(hostArguments({ ...spec, contextSize: 512 }, place)).toEqual([
      '--model=/m.gguf',
      '--socket=/run/h.sock',
      '--alias=ai/model',
      '--mode=completion',
      '--slots=4',
      '--threads=2',
      '--gpu=auto',
      '--context-size=512',
    ]);
  });

  it("takes -1 for the model's own context, and lets flags win", () => {
    const settings = { reasoningBudget: 0, flags: ['--threads', '7', '--batch-size=64'] };
    const line = hostArguments({ ...spec, contextSize: -1, settings }, place);
    expect(line.filter((flag) => /context|threads|batch|budget/.test(flag))).toEqual([
      '--threads=7',
      '--reasoning-budget=0',
      '--batch-size=64',
    ]);
  });

  it.each([
    ['use a draft model', { settings: { draft: { files: { format: 'gguf', weights: '/d' } } } }],
    ['limit the tokens of reasoning', { settings: { reasoningBudget: 100 } }],
    ['load safetensors weights', { files: { format: 'safetensors', weights: '/m' } }],
    ['take images or audio', { files: { format: 'gguf', weights: '/m', projector: '/p' } }],
  ] as const)('refuses to %s', (what, changes) => {
    expect(() => hostArguments({ ...spec, ...changes }, place)).toThrow(
      `The embedded llama.cpp engine cannot ${what}`,
    );
  });
});

describe('hostCommand', () => {
  it('passes on what concerns the machine and none of our secrets', () => {
    const ours = { PATH: '/bin', LONGSHORE_REDIS_URL: 'redis://:secret@x', NODE_OPTIONS: '--inspect' };
    expect(hostCommand('/main.js', [], ours).environment).toEqual({
      PATH: '/bin',
      NODE_LLAMA_CPP_SKIP_DOWNLOAD: 'true',
      GGML_NO_BACKTRACE: '1',
    });
  });
});

describe('findHostEntry', () => {
  it('says how to build what is not built', () => {
    const elsewhere = pathToFileURL(join(tmpdir(), 'nowhere', 'module.js')).href;
    expect(() => findHostEntry(elsewhere)).toThrow(/is not built.*Run "npm run build"/);
  });
});
