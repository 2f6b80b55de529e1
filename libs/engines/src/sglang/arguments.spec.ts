import { describe, expect, it } from 'vitest';
import type { SessionSpec } from '../engine.js';
import { HELP_LINES } from './__fixtures__/recorded.js';
import { sglangArguments } from './arguments.js';
import { automaticIn, flagsIn } from './probe.js';

function lineFor(spec: Partial<SessionSpec> = {}, help = HELP_LINES): string {
  const whole: SessionSpec = {
    servedName: 'ai/tiny:latest',
    mode: 'completion',
    files: { format: 'safetensors', weights: '/store/m/model.safetensors' },
    slots: 4,
    threads: 3,
    runDirectory: '/run/l',
    log: () => undefined,
    ...spec,
  };
  const [knownFlags, automatic] = [flagsIn(help), automaticIn(help)];
  return sglangArguments(whole, { host: '127.0.0.1', port: 4711, knownFlags, automatic }).join(' ');
}

const ALWAYS =
  '--model-path /store/m --host 127.0.0.1 --port 4711 --served-model-name ai/tiny:latest ' +
  '--load-format safetensors --max-running-requests 4';

describe('sglangArguments', () => {
  it('asks for a completion session', () => {
    expect(lineFor({ contextSize: 2048 })).toBe(
      `${ALWAYS} --context-length 2048 --enable-metrics --enable-cache-report ` +
        '--tool-call-parser auto --reasoning-parser auto',
    );
  });

  it('leaves out what the installed one does not know', () => {
    expect(lineFor({}, '--model-path --tool-call-parser {llama3,qwen}')).toBe(ALWAYS);
  });

  it('leaves the context to the model when there is no size, or -1', () => {
    expect(lineFor({ contextSize: -1 })).toBe(lineFor());
    expect(lineFor()).not.toContain('--context-length');
  });

  it.each(['embedding', 'reranking'] as const)('has no use for parsers where it is for %s', (mode) => {
    expect(lineFor({ mode })).toBe(`${ALWAYS} --is-embedding --enable-metrics --enable-cache-report`);
  });

  it('lets the flags of the model win', () => {
    const line = lineFor({ settings: { flags: ['--tool-call-parser', 'qwen', '--port', '-1'] } });
    expect(line).toMatch(/--reasoning-parser auto --tool-call-parser qwen --port -1$/);
    expect(line).not.toContain('--tool-call-parser auto');
  });

  it('refuses a flag that the installed one does not know', () => {
    expect(() => lineFor({ settings: { flags: ['--nonsense=1'] } })).toThrow(
      'The installed SGLang does not know the flag --nonsense; take it out of the configuration of the model.',
    );
  });

  it('guesses with a draft model in its own format only', () => {
    const files = { format: 'safetensors', weights: '/store/d/model.safetensors' } as const;
    expect(lineFor({ settings: { draft: { files, tokens: 3 } } })).toMatch(
      /--speculative-algorithm STANDALONE --speculative-draft-model-path \/store\/d --speculative-num-steps 3 --speculative-eagle-topk 1 --speculative-num-draft-tokens 4$/,
    );
    const gguf = { format: 'gguf', weights: '/store/d.gguf' } as const;
    expect(() => lineFor({ settings: { draft: { files: gguf } } })).toThrow('draft model in safetensors');
  });
});
