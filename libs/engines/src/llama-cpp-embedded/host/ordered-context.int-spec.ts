import { fixtureModel } from '#testing';
import { expect, it } from 'vitest';
import { startLlama } from './load-model.js';
import { createOrderedContext } from './ordered-context.js';

type AddToBatch = (sequence: number, ...more: unknown[]) => unknown;

it('hands the sequences of a step to llama.cpp in the order of their ids, however they arrive', async () => {
  const llama = await startLlama('off', 1);
  const model = await llama.loadModel({ modelPath: await fixtureModel('scripted') });
  const context = await createOrderedContext(model, {
    slots: 4,
    contextSize: 256,
    batchSize: 64,
    threads: 1,
  });
  const native = (context as unknown as { _ctx: { addToBatch: AddToBatch; decodeBatch: () => unknown } })
    ._ctx;
  const steps: number[][] = [[]];
  const [add, decode] = [native.addToBatch.bind(native), native.decodeBatch.bind(native)];
  const addAndNote: AddToBatch = (sequence, ...more) => {
    steps.at(-1)?.push(sequence);
    return add(sequence, ...more);
  };
  const decodeAndNote = () => {
    steps.push([]);
    return decode();
  };
  Reflect.defineProperty(native, 'addToBatch', { value: addAndNote });
  Reflect.defineProperty(native, 'decodeBatch', { value: decodeAndNote });
  const sequences = Array.from({ length: 4 }, () => context.getSequence());
  const say = async (sequence: (typeof sequences)[number]) => {
    const tokens = sequence.evaluate(model.tokenize('hello', true), { temperature: 0, yieldEogToken: true });
    for (let written = 0; written < 5; written++) await tokens.next();
    await tokens.return();
  };
  await Promise.all(sequences.toReversed().map(say));
  await llama.dispose();
  const shared = steps.filter((step) => new Set(step).size > 1);
  expect(shared.length).toBeGreaterThan(0);
  expect(shared).toEqual(shared.map((step) => step.toSorted((a, b) => a - b)));
});
