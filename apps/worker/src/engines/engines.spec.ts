import { describe, expect, it } from 'vitest';
import type { CatalogueModel, EngineName, ModelFormat } from '#contracts';
import { Engine, type EngineProbe, type EngineSession } from '#engines';
import { Logger } from '#observability';
import { HostedEngines, slotsOf } from './hosted-engines.js';
import { listsModels, remoteModelId, RemoteModels } from './remote-models.js';

class FakeEngine extends Engine {
  readonly driver = 'fake';

  constructor(readonly name: EngineName) {
    super();
  }

  override async probe(): Promise<EngineProbe> {
    throw new Error('not asked');
  }

  override async start(): Promise<EngineSession> {
    throw new Error('not started');
  }
}

class AttachedFake extends FakeEngine {
  constructor(readonly names: readonly string[]) {
    super('openai');
  }

  async remoteModels(): Promise<readonly string[]> {
    return this.names;
  }
}

const hosted = (name: EngineName, ...formats: ModelFormat[]) => ({
  engine: new FakeEngine(name),
  probe: { version: '1', formats, modes: ['completion'] } as const,
});

describe('the engines of a worker', () => {
  it('run as many requests at once as they were told, else as suits them', () => {
    const probe = { ...hosted('vllm', 'safetensors').probe, usualSlots: 64 };
    expect(slotsOf({ probe }, 7)).toBe(7);
    expect(slotsOf({ probe }, 0)).toBe(64);
    expect(slotsOf(hosted('llama.cpp', 'gguf'), 0)).toBe(4);
  });

  it('take each format to one engine, whatever order they are found in', () => {
    const engines = new HostedEngines([
      hosted('openai', 'remote'),
      hosted('sglang', 'safetensors'),
      hosted('vllm', 'safetensors', 'gguf'),
      hosted('llama.cpp', 'gguf'),
    ]);
    const nameFor = (format: ModelFormat) => engines.forFormat(format)?.engine.name;
    expect([nameFor('gguf'), nameFor('safetensors'), nameFor('remote')]).toEqual([
      'llama.cpp',
      'vllm',
      'openai',
    ]);
    expect(engines.announce().map(({ name }) => name)).toEqual(['llama.cpp', 'vllm', 'sglang', 'openai']);
  });

  it('take no format that none of them knows', () => {
    expect(new HostedEngines([hosted('llama.cpp', 'gguf')]).forFormat('safetensors')).toBeUndefined();
  });
});

const URL = 'http://127.0.0.1:8000/v1';

function remoteModels(names: readonly string[], known: CatalogueModel[], removed: readonly string[] = []) {
  const catalogue = {
    list: async () => known,
    put: async (model: CatalogueModel) => void known.push(model),
    removed: async () => new Set(removed),
  };
  const logger = new Logger({ level: 'error', format: 'json', write: () => undefined });
  return new RemoteModels({ engine: new AttachedFake(names), url: URL, catalogue, logger });
}

describe('the models of an attached server', () => {
  it('are told from engines that have files of their own', () => {
    expect(listsModels(new AttachedFake([]))).toBe(true);
    expect(listsModels(new FakeEngine('vllm'))).toBe(false);
  });

  it('become models of the catalogue, once, and keep the name they have over there', async () => {
    const known: CatalogueModel[] = [];
    const models = remoteModels(['Qwen/Qwen3-0.6B'], known);
    await models.synchronise(5_000);
    await models.synchronise(6_000);
    const id = remoteModelId(URL, 'Qwen/Qwen3-0.6B');
    expect(known).toEqual([
      {
        id,
        tags: ['docker.io/qwen/qwen3-0.6b:latest'],
        created: 5,
        config: { format: 'remote' },
        size: 0,
        origin: '',
      },
    ]);
    expect(models.nameOf(id)).toBe('Qwen/Qwen3-0.6B');
    expect(models.ids).toEqual([id]);
  });

  it('have the same id under an address with and without its version', () => {
    expect(remoteModelId('http://a:1', 'm')).toBe(remoteModelId('http://a:1/v1/', 'm'));
    expect(remoteModelId('http://a:1', 'm')).not.toBe(remoteModelId('http://a:2', 'm'));
  });

  it('take no name from another model, and none that is no reference', async () => {
    const tags = ['docker.io/ai/smollm2:latest'];
    const known: CatalogueModel[] = [{ id: 'other', tags, created: 0, config: {}, size: 1, origin: '' }];
    await remoteModels(['smollm2', 'what is this?'], known).synchronise(0);
    expect(known.slice(1).map((model) => model.tags)).toEqual([[], []]);
  });

  it('stay away once somebody has removed them', async () => {
    const known: CatalogueModel[] = [];
    await remoteModels(['a'], known, [remoteModelId(URL, 'a')]).synchronise(0);
    expect(known).toEqual([]);
  });
});
