import { describe, expect, it } from 'vitest';
import { describeModel } from './describe-model.js';
import { engineRows } from './engine-status.js';
import { modelFilter, nameToAskBy } from './model-filter.js';
import { shortModelName } from './model-name.js';
import { modelRows } from './model-rows.js';
import { runningRows, untilOf } from './running-rows.js';

const ID = `sha256:${'0123456789abcdef'.repeat(4)}`;
const NOW = Date.parse('2026-01-01T00:10:00Z');

describe('shortModelName', () => {
  it.each([
    ['docker.io/ai/smollm2:latest', 'smollm2'],
    ['index.docker.io/ai/smollm2:1', 'smollm2:1'],
    ['docker.io/team/model:latest', 'team/model'],
    ['localhost:5000/ai/model:latest', 'localhost:5000/ai/model'],
    ['hf.co/org/model:latest', 'hf.co/org/model'],
  ])('shows %s as %s', (name, short) => {
    expect(shortModelName(name)).toBe(short);
  });

  it('hides the registry that is the default here, and no other', () => {
    expect(shortModelName('registry.example/ai/m:latest', 'registry.example')).toBe('m');
    expect(shortModelName('docker.io/ai/m:latest', 'registry.example')).toBe('docker.io/ai/m');
  });
});

describe('modelRows', () => {
  const created = NOW / 1000 - 60;

  it('has a row for each tag by name, and one for a model without any', () => {
    const rows = modelRows(
      [
        {
          id: ID,
          tags: ['docker.io/ai/b:latest', 'docker.io/ai/a:2', 'docker.io/ai/a:latest'],
          created,
          config: {},
        },
        { id: ID, created, config: {} },
      ],
      NOW,
    );
    expect(rows.map(([name]) => name)).toEqual(['<none>', 'a', 'a:2', 'b']);
    expect(rows[0]?.slice(4, 6)).toEqual(['0123456789ab', 'About a minute ago']);
  });

  it('shows the context that was set, else the one the model was trained for', () => {
    const gguf = { 'llama.context_length': '8192', 'qwen3.context_length': '4096' };
    const contextOf = (config: object) => modelRows([{ id: ID, created, config }], NOW)[0]?.[6];
    expect(contextOf({ context_size: 512, gguf })).toBe('512');
    expect(contextOf({ gguf })).toBe('8192');
    expect(contextOf({ gguf, architecture: 'qwen3' })).toBe('4096');
    expect(contextOf({})).toBe('');
  });
});

describe('modelFilter', () => {
  it.each([
    ['smollm2', 'docker.io/ai/smollm2:x', true],
    ['smollm2', 'docker.io/team/smollm2:x', true],
    ['ai/smollm2', 'docker.io/team/smollm2:x', false],
    ['smollm2:y', 'docker.io/ai/smollm2:x', false],
    ['AI/SmolLM2:x', 'docker.io/ai/smollm2:x', true],
    ['localhost:5000/a/b', 'localhost:5000/a/b:1', true],
    ['a:b:c', 'docker.io/a/b:c', false],
  ])('asks %s of %s: %s', (typed, tag, fits) => {
    expect(modelFilter(typed, 'docker.io')(tag)).toBe(fits);
  });
});

describe('nameToAskBy', () => {
  it.each([
    ['small', ['docker.io/team/small:latest'], 'docker.io/team/small:latest'],
    ['small', ['docker.io/team/other:1', 'docker.io/team/small:1'], 'docker.io/team/small:1'],
    ['small', ['docker.io/team/small:latest', 'docker.io/ai/small:latest'], 'small'],
    ['team/small', ['docker.io/team/small:latest'], 'team/small'],
    ['0123456789ab', ['docker.io/team/small:latest'], '0123456789ab'],
    ['small', [], 'small'],
  ])('asks for what was typed as %s, of a model with the tags %j, as %s', (typed, tags, asked) => {
    expect(nameToAskBy(typed, tags, 'docker.io')).toBe(asked);
  });
});

describe('untilOf', () => {
  const model = { backend_name: 'llama.cpp', model_name: 'x', mode: 'completion' };
  const last_used = '2026-01-01T00:00:00Z';
  it.each([
    [{ loading: true, last_used }, 'Loading...'],
    [{ keep_alive: '-1', last_used }, 'Forever'],
    [{ keep_alive: '-1m', last_used }, 'Forever'],
    [{ keep_alive: '12m0s', last_used }, '2 minutes from now'],
    [{ keep_alive: '12m0s', last_used, in_use: true }, '12 minutes from now'],
    [{ last_used: '0001-01-01T00:00:00Z' }, '5 minutes from now'],
    [{ last_used }, 'Expiring'],
  ])('shows %o as %s', (state, text) => {
    expect(untilOf({ ...model, ...state }, NOW)).toBe(text);
  });

  it('shows a model without a name by its id', () => {
    const [row] = runningRows([{ ...model, model_name: ID, last_used, workers: ['a', 'b'] }], NOW);
    expect(row).toEqual(['0123456789ab', 'llama.cpp', 'completion', 'Expiring', 'a, b']);
  });
});

describe('engineRows', () => {
  it('shows those that run first, and words of no known state as an error', () => {
    const rows = engineRows({
      vllm: 'Not Installed: no binary',
      sglang: 'Strange',
      openai: 'Running',
      'llama.cpp': 'Running: b1',
    });
    expect(rows).toEqual([
      ['llama.cpp', 'Running', 'b1'],
      ['openai', 'Running', ''],
      ['sglang', 'Error', 'Strange'],
      ['vllm', 'Not Installed', 'no binary'],
    ]);
  });
});

describe('describeModel', () => {
  it('leaves out what is not known, and lets no metadata steer the terminal', () => {
    const gguf = { 'tokenizer.chat_template': `\u001b[31m${'x'.repeat(500)}`, a: '1' };
    const text = describeModel({ id: ID, created: 0, config: { format: 'gguf', gguf } });
    expect(text.split('\n').slice(0, 5)).toEqual([
      `Model:        ${ID}`,
      'Format:       gguf',
      '',
      'GGUF Metadata:',
      '  a: 1',
    ]);
    expect(text).not.toContain('\u001b');
    expect(text.length).toBeLessThan(500);
  });
});
