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
) {
  const whole: SessionSpec = {
    modelId: `sha256:${'0'.repeat(64)}`,
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
    extraArguments: extra,
  });
}

describe('llamaServerArguments', () => {
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

  it('puts the arguments of the operator last, so that they win', () => {
    expect(argumentsFor({}, KNOWN, ['-ngl', '0']).slice(-2)).toEqual(['-ngl', '0']);
  });
});
