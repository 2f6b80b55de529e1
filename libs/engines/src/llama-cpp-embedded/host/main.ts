import { once } from 'node:events';
import { rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { getModuleVersion } from 'node-llama-cpp';
import { startCompletionService } from './completion-service.js';
import { startEmbeddingService } from './embedding-service.js';
import { parseHostOptions } from './host-options.js';
import { createHostServer } from './http-server.js';
import { loadModel, startLlama } from './load-model.js';
import { startRerankService } from './rerank-service.js';
import type { Service } from './service.js';

const START = {
  completion: startCompletionService,
  embedding: startEmbeddingService,
  reranking: startRerankService,
} as const;

/**
 * The embedded engine host: one process, one model, OpenAI HTTP on a unix socket, in the shapes of llama-server. It
 * lives alone because a broken model file can abort it.
 */
async function main(): Promise<void> {
  const options = parseHostOptions(process.argv.slice(2));
  if (options === 'version') return printVersion();
  const loaded: { service?: Service } = {};
  const server = createHostServer(() => loaded.service);
  server.listen(options.socket);
  await once(server, 'listening');
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.once(signal, () => leave(server, options.socket));
  const model = await loadModel(options);
  loaded.service = await START[options.mode](model, options);
  process.stderr.write(`ready: ${options.alias} with ${options.slots} slots on ${options.socket}\n`);
}

/** Loads the native library, so that an answer means that it runs here. */
async function printVersion(): Promise<void> {
  const llama = await startLlama('auto', 1);
  const release = llama.llamaCppRelease.release;
  process.stdout.write(`node-llama-cpp ${await getModuleVersion()}, llama.cpp ${release}\n`);
  await llama.dispose();
}

/** Breaks off what is in flight: who sends the signal has waited for what was worth waiting for. */
function leave(server: Server, socket: string): void {
  server.close();
  server.closeAllConnections();
  rmSync(socket, { force: true });
  process.exit(0);
}

function fail(error: unknown): void {
  process.stderr.write(`error: ${sentenceOf(error)}\n`);
  process.exit(1);
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

process.once('uncaughtException', fail);
process.once('unhandledRejection', fail);
await main().catch(fail);
