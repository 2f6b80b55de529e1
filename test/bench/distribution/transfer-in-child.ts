import { readFileSync } from 'node:fs';
import { parseModelReference } from '#contracts';
import { BlobTransfer, ModelStore, pullModel, pushArtifact, RegistryHttp, RegistrySource } from '#models';
import { peakMemory } from '../measure/process-memory.js';
import type { TransferCost } from './run-program.js';
import { readArtifact } from './written-artifact.js';

// Pulls into a store, or pushes an artifact that a file describes, and prints what it cost as JSON. The start of the
// process is left out, because a worker has started long before.

const [direction, place = '', name = ''] = process.argv.slice(2);
const reference = parseModelReference(name);
const http = new RegistryHttp();
if (direction === 'push') {
  const artifact = readArtifact(readFileSync(place, 'utf8'));
  await measure(() => pushArtifact({ http, artifact, reference }));
} else {
  const store = await ModelStore.open(place);
  const source = new RegistrySource(http);
  await measure(() => pullModel({ store, source, reference, transfer: new BlobTransfer() }));
}
await http.close();

async function measure(transfer: () => Promise<unknown>): Promise<void> {
  const begin = performance.now();
  const before = process.cpuUsage();
  await transfer();
  const { user, system } = process.cpuUsage(before);
  const cost: TransferCost = {
    elapsedMs: performance.now() - begin,
    cpuMs: (user + system) / 1_000,
    peakBytes: peakMemory(process.pid),
  };
  process.stdout.write(JSON.stringify(cost));
}
