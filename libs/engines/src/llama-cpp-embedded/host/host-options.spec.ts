import { describe, expect, it } from 'vitest';
import { parseHostOptions } from './host-options.js';

const needed = ['--model=/m.gguf', '--socket=/s.sock'];

describe('parseHostOptions', () => {
  it('has a default for everything but model and socket', () => {
    expect(parseHostOptions(needed)).toEqual({
      model: '/m.gguf',
      socket: '/s.sock',
      alias: '/m.gguf',
      mode: 'completion',
      contextSize: undefined,
      slots: 1,
      threads: 1,
      gpu: 'auto',
      chatTemplateFile: undefined,
      batchSize: 512,
      gpuLayers: undefined,
      mmap: true,
      mlock: false,
      reasoning: true,
      defaults: {},
    });
  });

  it('reads what requests are answered with that do not say otherwise', () => {
    const flags = ['--temperature=0.7', '--top-k=0', '--seed=-1', '--n-predict=20'];
    const options = parseHostOptions([...needed, ...flags]);
    expect(options).toMatchObject({ defaults: { temperature: 0.7, top_k: 0, seed: -1, n_predict: 20 } });
  });

  it.each([
    [['--socket=/s'], '--model is missing.'],
    [['--model=/m'], '--socket is missing.'],
    [[...needed, '--slots=0'], '--slots must be a whole number of at least 1, but is 0.'],
    [[...needed, '--mode=poetry'], '--mode must be one of completion, embedding, reranking, but is poetry.'],
    [[...needed, '--gpu=abacus'], '--gpu must be one of auto, off, cuda, vulkan, metal, but is abacus.'],
    [[...needed, '--top-p=much'], '--top-p must be a number, but is much.'],
    [[...needed, '--shiny'], "Unknown option '--shiny'"],
  ])('refuses %j with a sentence', (args, sentence) => {
    expect(() => parseHostOptions(args)).toThrow(sentence);
  });
});
