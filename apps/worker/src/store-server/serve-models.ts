import type { IncomingMessage } from 'node:http';
import { parseModelReference, type ProgressLine } from '#contracts';
import {
  describeRemote,
  exportModel,
  type ModelSource,
  type ModelStore,
  pushModel,
  type RegistryHttp,
} from '#models';
import type { ModelLibrary } from '../residency/model-library.js';
import { type Exchange, readJson, sendBytes, sendJson } from './send.js';
import { explainFault, StoreFault } from './store-fault.js';

export interface ModelServices {
  readonly store: ModelStore;
  readonly library: ModelLibrary;
  readonly source: ModelSource;
  readonly registry: RegistryHttp;
}

/** Progress that may wait for its reader; bytes. What comes beyond is left out, for more will follow. */
const PROGRESS_BACKLOG = 64 * 1024;

export async function serveExport(exchange: Exchange, { store }: ModelServices, id: string): Promise<void> {
  const { size, archive } = await exportModel({ store, id, signal: exchange.signal });
  exchange.response.writeHead(200, { 'content-type': 'application/x-tar', 'content-length': size });
  await sendBytes(exchange, archive, size);
}

export async function serveLoad(exchange: Exchange, { library }: ModelServices): Promise<void> {
  const { request, response, signal } = exchange;
  if (request.headers.expect !== undefined) response.writeContinue();
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const size = lengthOf(request);
  const modelId = await library.load({ body, signal, ...(size !== undefined && { size }) });
  sendJson(response, 200, { modelId });
}

export interface Packaging {
  readonly target: string;
  readonly contextSize?: number;
}

/** The body is a tar archive where its type says so, else one file. */
export async function servePackage(
  exchange: Exchange,
  { library }: ModelServices,
  packaging: Packaging,
): Promise<void> {
  const { request, response, signal } = exchange;
  const size = lengthOf(request);
  if (size === undefined) throw new StoreFault(411, 'length_required', 'The length of the body is needed.');
  if (request.headers.expect !== undefined) response.writeContinue();
  const body = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const archive = request.headers['content-type'] === 'application/x-tar';
  // What has come is read once more for its digests, and nothing moves meanwhile.
  request.once('end', () => request.socket.setTimeout(0));
  const modelId = await library.package({ body, size, archive, signal, ...packaging });
  sendJson(response, 200, { modelId });
}

function lengthOf({ headers }: IncomingMessage): number | undefined {
  const length = headers['content-length'];
  return length === undefined ? undefined : Number(length);
}

export async function serveRepackage(
  exchange: Exchange,
  { library }: ModelServices,
  id: string,
): Promise<void> {
  const { target, contextSize } = await readJson(exchange);
  if (typeof target !== 'string' || typeof contextSize !== 'number')
    throw new StoreFault(400, 'invalid', 'The body must have a target and a contextSize.');
  const modelId = await library.repackage(id, { target, contextSize });
  sendJson(exchange.response, 200, { modelId });
}

export async function serveRemote(exchange: Exchange, services: ModelServices, text: string): Promise<void> {
  const reference = parseModelReference(text);
  const { signal, response } = exchange;
  sendJson(response, 200, await describeRemote(services.source, reference, { signal }));
}

/** Says how a push goes in lines. A failure before the first line has a status of its own. */
export async function servePush(exchange: Exchange, services: ModelServices, id: string): Promise<void> {
  const { response, signal, request } = exchange;
  const body = await readJson(exchange);
  if (typeof body['reference'] !== 'string')
    throw new StoreFault(400, 'invalid', 'The body must have a reference.');
  const bearerToken = typeof body['bearerToken'] === 'string' ? body['bearerToken'] : undefined;
  const reference = parseModelReference(body['reference']);
  // A registry may think for long about what it got; the caller's hang-up ends it.
  request.socket.setTimeout(0);
  try {
    await pushModel({
      store: services.store,
      id,
      http: services.registry,
      reference,
      access: { signal, ...(bearerToken !== undefined && { bearerToken }) },
      onProgress: (line) => {
        if (response.writableLength < PROGRESS_BACKLOG) writeLine(exchange, line);
      },
    });
    writeLine(exchange, lastLine('success', 'Model pushed successfully'));
  } catch (error) {
    if (!response.headersSent || signal.aborted) throw error;
    const message = explainFault(error)?.message ?? 'the push failed on the worker';
    writeLine(exchange, lastLine('error', `Error: ${message}`));
  }
  response.end();
}

function writeLine({ response }: Exchange, line: ProgressLine): void {
  if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.write(`${JSON.stringify(line)}\n`);
}

function lastLine(type: 'success' | 'error', message: string): ProgressLine {
  return { type, message, total: 0, layer: { size: 0, current: 0 }, mode: 'push' };
}
