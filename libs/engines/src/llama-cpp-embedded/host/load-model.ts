import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { LlamaLogLevel, getLlama, type Llama, type LlamaModel } from 'node-llama-cpp';
import type { GpuChoice, HostOptions } from './host-options.js';

/** Within this the library hands on what llama.cpp printed; ms. */
const LOG_DELAY_MS = 100;

/** Starts llama.cpp from the binary that npm installed; never downloads and never compiles one. */
export async function startLlama(gpu: GpuChoice, threads: number): Promise<Llama> {
  return getLlama({
    build: 'never',
    skipDownload: true,
    progressLogs: false,
    gpu: gpu === 'off' ? false : gpu,
    maxThreads: threads,
    logLevel: LlamaLogLevel.warn,
    logger: (level, message) => process.stderr.write(`${level}: ${message.trimEnd()}\n`),
  });
}

/** @throws Error with the library's words when the file is no model or does not fit. May end the process instead. */
export async function loadModel(options: HostOptions): Promise<LlamaModel> {
  const llama = await startLlama(options.gpu, options.threads);
  try {
    return await llama.loadModel({
      modelPath: options.model,
      useMmap: options.mmap,
      useMlock: options.mlock,
      ...(options.gpuLayers !== undefined && { gpuLayers: options.gpuLayers }),
    });
  } catch (error) {
    // What llama.cpp printed says why, and arrives later than the failure itself.
    await delay(LOG_DELAY_MS);
    // The library's reader stumbles over a file that ends too early.
    if (error instanceof TypeError || error instanceof RangeError)
      throw new Error('The model file is cut short or damaged.', { cause: error });
    throw error;
  }
}

/** Jinja text: from the file that was named, else from the model; undefined when there is none. */
export async function readTemplate(model: LlamaModel, file: string | undefined): Promise<string | undefined> {
  if (file !== undefined) return readFile(file, 'utf8');
  return model.fileInfo.metadata.tokenizer?.chat_template;
}

/** Tokens a slot gets: what was asked for, at most what the model was trained for. */
export function contextSizeFor(model: LlamaModel, asked: number | undefined): number {
  return Math.min(asked ?? model.trainContextSize, model.trainContextSize);
}
