import { describe, expect, it } from 'vitest';
import type { EngineSettings, SessionSpec } from '../engine.js';
import { vllmArguments, type ArgumentOptions } from './arguments.js';
import { describeFolder } from './model-folder.js';

const CONFIG = {
  model_type: 'qwen2',
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  hidden_size: 256,
  max_position_embeddings: 8192,
};
const FLAGS =
  '--uds --runner --enable-auto-tool-choice --tool-call-parser --reasoning-parser --kv-cache-memory-bytes --dtype -tp --max-model-len --gpu-memory-utilization';

const spec = (changes: Partial<SessionSpec> = {}): SessionSpec => ({
  servedName: 'ai/model',
  mode: 'completion',
  files: { format: 'safetensors', weights: '/store/model/model.safetensors' },
  contextSize: 1024,
  slots: 3,
  threads: 1,
  runDirectory: '/run',
  log: () => undefined,
  ...changes,
});
const withSettings = (settings: EngineSettings) => spec({ settings });

function options(
  changes: { flags?: string; template?: string; processorOnly?: boolean } = {},
): ArgumentOptions {
  const { flags = FLAGS, template = '', processorOnly = false } = changes;
  return {
    endpoint: { socketPath: '/run/e.sock' },
    folder: describeFolder('/store/model', CONFIG, template),
    probe: { knownFlags: new Set(flags.split(' ')), toolCallParsers: new Set(['hermes']), processorOnly },
  };
}

const line = (...given: Parameters<typeof vllmArguments>): string => vllmArguments(...given).join(' ');

describe('vllmArguments', () => {
  it('serves the folder of the weights under the name of the model, in safetensors alone', () => {
    expect(line(spec(), options())).toBe(
      'serve /store/model --uds /run/e.sock --served-model-name ai/model --load-format safetensors --max-num-seqs 3 --max-model-len 1024',
    );
  });

  it('listens at a port of this machine where it is given one', () => {
    const endpoint = { host: '127.0.0.1', port: 4711 };
    expect(line(spec(), { ...options(), endpoint })).toContain('--host 127.0.0.1 --port 4711 ');
  });

  it.each([
    ['none was asked for', undefined],
    ['more was asked for than the model was made for', 9000],
  ])('leaves the context to the model when %s', (_, contextSize) => {
    const { contextSize: __, ...rest } = spec();
    const asked = contextSize === undefined ? rest : { ...rest, contextSize };
    expect(line(asked, options())).not.toContain('--max-model-len');
  });

  it.each([
    ['embedding', FLAGS, '--runner pooling'],
    ['reranking', FLAGS, '--runner pooling'],
    ['embedding', '--task', '--task embed'],
    ['reranking', '--task', '--task score'],
  ] as const)('tells a vLLM for %s what it is for', (mode, flags, expected) => {
    expect(line(spec({ mode }), options({ flags }))).toContain(expected);
  });

  it('chooses a parser of tool calls by the template, unless the configuration names one', () => {
    const template = '<tool_call>{"name": …}</tool_call>';
    expect(line(spec(), options({ template }))).toContain(
      '--enable-auto-tool-choice --tool-call-parser hermes',
    );
    const own = withSettings({ flags: ['--tool-call-parser', 'mistral', '--enable-auto-tool-choice'] });
    expect(line(own, options({ template })).match(/--tool-call-parser \w+/g)).toEqual([
      '--tool-call-parser mistral',
    ]);
    expect(line(spec({ mode: 'embedding' }), options({ template }))).not.toContain('parser');
  });

  it('passes what the configuration of the model says, its flags last', () => {
    const draft = {
      files: { format: 'safetensors', weights: '/store/draft/model.safetensors' },
      tokens: 3,
    } as const;
    const settings = {
      gpuMemoryUtilization: 0.5,
      hfOverrides: { a: { b: 1 } },
      draft,
      flags: ['--dtype=float16', '-tp', '2'],
    };
    expect(line(withSettings(settings), options())).toMatch(
      /--gpu-memory-utilization 0\.5 --hf-overrides \{"a":\{"b":1\}\} --speculative-config \{"model":"\/store\/draft","method":"draft_model","num_speculative_tokens":3\} --dtype=float16 -tp 2$/,
    );
  });

  it('gives a vLLM on a processor the cache that its slots need, and never a share of all memory', () => {
    const bytes = 8 * (8192 + 128) * 2 * 2 * 2 * 64 * 4;
    const whole = spec({ contextSize: 8192, slots: 8 });
    expect(line(whole, options({ processorOnly: true }))).toContain(`--kv-cache-memory-bytes ${bytes}`);
    expect(line(whole, options())).not.toContain('--kv-cache');
    const share = { ...whole, settings: { gpuMemoryUtilization: 0.3 } };
    expect(line(share, options({ processorOnly: true }))).not.toContain('--kv-cache');
  });

  it('refuses a flag that the installed program does not know, and a draft in another format', () => {
    expect(() => line(withSettings({ flags: ['--swap-space', '-1'] }), options())).toThrow(
      'The installed vLLM does not know the flag --swap-space;',
    );
    const draft = { files: { format: 'gguf', weights: '/d.gguf' } } as const;
    expect(() => line(withSettings({ draft }), options())).toThrow('draft model in safetensors');
  });
});
