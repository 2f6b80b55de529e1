import { loadModel } from '../archive/load-model.js';
import { ModelStore } from '../store/model-store.js';

/** Loads the archive on its standard input into a store and prints a line for each step forward. */
export async function loadFromInput(directory: string): Promise<void> {
  await loadModel({
    store: await ModelStore.open(directory),
    archive: process.stdin as AsyncIterable<Buffer>,
    onProgress: ({ layer }) => process.stdout.write(`${layer.current}\n`),
  });
}
