import {
  type CatalogueModel,
  type EngineName,
  LongshoreError,
  type Mode,
  type ModelFormat,
  type WorkerAnnouncement,
} from '#contracts';
import { place } from '../completions/placement.js';

export interface EngineQuestion {
  readonly model: CatalogueModel;
  readonly mode: Mode;
  /** The engine the path names. */
  readonly engine?: EngineName;
}

/** What runs a format where nothing better is known. */
const USUAL: Readonly<Record<ModelFormat, EngineName>> = {
  gguf: 'llama.cpp',
  safetensors: 'vllm',
  remote: 'openai',
};

/**
 * The engine that runs a model: that of the worker which would get a request now. While no worker is alive it is the
 * one the path names, else the usual one of the format.
 * @throws LongshoreError `no_capable_worker` when workers are alive and none can run it
 */
export function chooseEngine(question: EngineQuestion, workers: readonly WorkerAnnouncement[]): EngineName {
  try {
    return place(question, workers).engine;
  } catch (error) {
    const { model, engine } = question;
    if (error instanceof LongshoreError && error.code === 'no_worker')
      return engine ?? USUAL[model.config.format ?? 'gguf'];
    throw error;
  }
}
