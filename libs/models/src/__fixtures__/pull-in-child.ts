import { parseModelReference } from '#contracts';
import { pullModel } from '../pull-model.js';
import { RegistryHttp } from '../sources/registry-http.js';
import { RegistrySource } from '../sources/registry-source.js';
import { ModelStore } from '../store/model-store.js';
import { BlobTransfer } from '../transfer/blob-transfer.js';

/** Pulls one model into a store and prints what came of it as JSON. */
export async function pullAndPrint(directory: string, name: string, segmentSize?: number): Promise<void> {
  const http = new RegistryHttp();
  const store = await ModelStore.open(directory);
  const source = new RegistrySource(http);
  process.stdout.write('ready\n');
  const { model, cached } = await pullModel({
    store,
    source,
    transfer: new BlobTransfer(segmentSize === undefined ? {} : { segmentSize }),
    reference: parseModelReference(name),
    onProgress: ({ layer }) => process.stdout.write(`${layer.current}\n`),
  });
  process.stdout.write(`${JSON.stringify({ id: model.id, cached })}\n`);
  await http.close();
}
