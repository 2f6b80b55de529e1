import { describe, expect, it } from 'vitest';
import type { SessionSpec } from '../engine.js';
import { llamaServerArguments } from './arguments.js';

const KNOWN = (
  '--offline --metrics --slots --no-ui --no-webui --cache-ram --sse-ping-interval ' +
  '--kv-unified --no-kv-unified --jinja --mmproj --chat-template-file'
).split(' ');

function argumentsFor(
  spec: Partial<SessionSpec>,
  known: readonly string[] = KNOWN,
  extra: readonly string[] = [],
  draftType?: string,
) {
  const whole: SessionSpec = {
    servedName: 'ai/tiny',
    mode: 'completion',
    files: { format: 'gguf', weights: '/store/model.gguf' },
    slots: 4,
    threads: 3,
    runDirectory: '/run/l',
    log: () => undefined,
    ...spec,
  };
  return llamaServerArguments(whole, {
    socketPath: '/run/l/e-1.sock',
    knownFlags: new Set(known),
    ...(draftType !== undefined && { draftType }),
    extraArguments: extra,
  });
}

describe('llamaServerArguments', () => {
  it('asks for no context that llama-server cannot read the number of', () => {
    expect(argumentsFor({ contextSize: 2 ** 31 - 1 })).toContain('2147483647');
  });

  it('asks for a completion session on a unix socket', () => {
    expect(argumentsFor({ contextSize: 2048 }).join(' ')).toBe(
      '--model /store/model.gguf --host /run/l/e-1.sock --alias ai/tiny --threads 3 --parallel 4 --ctx-size 8192 --batch-size 512 ' +
        '--offline --metrics --slots --no-ui --cache-ram 512 --sse-ping-interval -1 --no-kv-unified --jinja',
    );
  });

  it('leaves out every flag that the binary does not know', () => {
    expect(argumentsFor({ contextSize: 2048 }, []).join(' ')).toBe(
      '--model /store/model.gguf --host /run/l/e-1.sock --alias ai/tiny --threads 3 --parallel 4 --ctx-size 8192 --batch-size 512',
    );
  });

  it('uses the old name of a flag with an old binary', () => {
    expect(argumentsFor({}, ['--no-webui'])).toContain('--no-webui');
  });

  it('lets the slots share the model’s own context when no size is given', () => {
    const line = argumentsFor({}).join(' ');
    expect(line).toContain('--ctx-size 0');
    expect(line).toContain(' --kv-unified');
  });

  it('makes the batch as long as a slot for embeddings', () => {
    const line = argumentsFor({ mode: 'embedding', contextSize: 512, slots: 2 }).join(' ');
    expect(line).toContain('--ctx-size 1024 --embeddings --batch-size 512 --ubatch-size 512');
    expect(line).not.toContain('--jinja');
  });

  it('turns ranking on for a reranking session', () => {
    expect(argumentsFor({ mode: 'reranking' })).toContain('--reranking');
  });

  it('passes the projector and the chat template of the model', () => {
    const files = { format: 'gguf', weights: '/m', projector: '/p.gguf', chatTemplate: '/t.jinja' } as const;
    const line = argumentsFor({ files }).join(' ');
    expect(line).toContain('--mmproj /p.gguf --chat-template-file /t.jinja');
  });

  it('lets the operator’s arguments win over ours, and those of the model over both', () => {
    const settings = { flags: ['-ngl', '7', '--temp', '-1'] };
    const line = argumentsFor({ settings }, [...KNOWN, '-ngl', '--temp'], ['-ngl', '0']);
    expect(line.slice(-6)).toEqual(['-ngl', '0', '-ngl', '7', '--temp', '-1']);
  });

  it('takes the values of flags behind a =, and makes them words of their own', () => {
    const settings = {
      flags: ['--temp=0.7', '--chat-template-kwargs={"a":"b=c"}', '--seed', '-1', '-ngl=-1'],
    };
    const known = [...KNOWN, '--temp', '--chat-template-kwargs', '--seed', '-ngl'];
    expect(argumentsFor({ settings }, known).slice(-8)).toEqual([
      '--temp',
      '0.7',
      '--chat-template-kwargs',
      '{"a":"b=c"}',
      '--seed',
      '-1',
      '-ngl',
      '-1',
    ]);
  });

  it.each([
    ['--nonsense', /does not know the flag --nonsense; take it out/],
    ['-xyz', /does not know the flag -xyz/],
    ['--nonsense=1', /does not know the flag --nonsense; take it out/],
  ])('refuses %s, which the binary would not take', (flag, sentence) => {
    expect(() => argumentsFor({ settings: { flags: [flag] } })).toThrow(sentence);
  });

  it('takes -1 for as large a context as the model can', () => {
    expect(argumentsFor({ contextSize: -1 })).toEqual(argumentsFor({}));
    expect(argumentsFor({ contextSize: -1, mode: 'embedding' })).not.toContain('--batch-size');
  });

  it('limits reasoning', () => {
    const line = argumentsFor({ settings: { reasoningBudget: -1 } }, [...KNOWN, '--reasoning-budget']);
    expect(line.slice(-2)).toEqual(['--reasoning-budget', '-1']);
  });

  const draft = {
    files: { format: 'gguf', weights: '/store/draft.gguf' },
    tokens: 6,
    minimumAcceptance: 0.4,
  } as const;

  it.each([
    [
      'a new binary',
      '--spec-draft-model --model-draft --spec-draft-n-max --draft-max --spec-draft-p-min --draft-p-min',
      'draft-simple',
      '--spec-draft-model /store/draft.gguf --spec-draft-n-max 6 --spec-draft-p-min 0.4 --spec-type draft-simple',
    ],
    [
      'an old binary',
      '--model-draft --draft-max --draft-p-min',
      undefined,
      '--model-draft /store/draft.gguf --draft-max 6 --draft-p-min 0.4',
    ],
  ])('gives %s a draft model in its own words', (_, known, draftType, expected) => {
    const spec = { contextSize: 512, settings: { draft } };
    const line = argumentsFor(spec, known.split(' '), [], draftType).join(' ');
    expect(line.endsWith(expected)).toBe(true);
  });

  it('says so when the binary takes no draft model', () => {
    expect(() => argumentsFor({ settings: { draft } })).toThrow('does not take a draft model');
  });

  it('speculates only where text is made', () => {
    expect(argumentsFor({ mode: 'embedding', settings: { draft, reasoningBudget: 5 } })).toEqual(
      argumentsFor({ mode: 'embedding' }),
    );
  });
});
