import type { LlamaContext, LlamaModel } from 'node-llama-cpp';
import type { HostOptions } from './host-options.js';
import { contextSizeFor } from './load-model.js';
import { orderBySequence } from './sequence-order.js';

const NO_ORDER =
  'this version of node-llama-cpp does not show its sequence ids; streams that run together are slower than they could be';

/** A sequence for each slot; what they compute together is in the order of their ids. */
export async function createOrderedContext(
  model: LlamaModel,
  options: Pick<HostOptions, 'slots' | 'contextSize' | 'batchSize' | 'threads'>,
): Promise<LlamaContext> {
  // The order is asked for only while decoding, when the context is there.
  const warnOfOrder = once(() => process.stderr.write(`warn: ${NO_ORDER}\n`));
  const created: { context?: LlamaContext } = {};
  created.context = await model.createContext({
    sequences: options.slots,
    contextSize: contextSizeFor(model, options.contextSize),
    batchSize: options.batchSize,
    threads: options.threads,
    batching: {
      itemPrioritizationStrategy: (work) => orderBySequence(created.context, work, warnOfOrder),
    },
  });
  return created.context;
}

function once(act: () => void): () => void {
  let done = false;
  return () => {
    if (!done) act();
    done = true;
  };
}
