import type { ProcessEnd } from '../process/engine-process.js';
import { explainEnd, lackedMemory, type ErrorPatterns } from '../process/explain-end.js';

/** The host as the subject of a sentence. */
export const HOST = 'The embedded llama.cpp engine';

const LOADING: ErrorPatterns = [
  [
    /unknown model architecture: '([^']*)'/,
    'this llama.cpp does not know the model architecture "$1"; a newer one may',
  ],
  [
    /not within the file bounds|corrupted or incomplete|gguf_init_from_reader|cut short or damaged/,
    'the model file is cut short or damaged; pull the model again',
  ],
  [/Invalid GGUF magic/, 'the model file is not a GGUF file'],
  [/ENOENT/, 'a file of the model is not there; pull the model again'],
  [/EACCES/, 'a file of the model may not be read by this user'],
  [
    /too large for the available|InsufficientMemory|out of memory|failed to allocate|bad_alloc/i,
    'there is not enough memory to load the model; use a smaller context, fewer slots or a smaller model',
    'memory',
  ],
  [/NoBinaryFound|no binary|Cannot find module/i, 'its llama.cpp is not installed for this machine'],
  [/EADDRINUSE/, 'its socket is in use'],
  [/GGML_ASSERT\((.*)\) failed/, 'the model file makes llama.cpp fail its own check "$1"'],
  [/error loading model: (.+)/, 'the model cannot be loaded: $1'],
  [/Failed to load model/, 'the model cannot be loaded'],
  [/^error: (.+)/, '$1'],
];

const SERVING: ErrorPatterns = [
  [/out of memory|failed to allocate|bad_alloc/i, 'it ran out of memory'],
  [/GGML_ASSERT\(([^)]*)\) failed/, 'llama.cpp failed its own check "$1"'],
];

/** A sentence for people about how the host ended. */
export function explainHostEnd(end: ProcessEnd): string {
  return explainEnd({ subject: HOST, loading: LOADING, serving: SERVING }, end);
}

/** Whether it could not load its model for want of memory. */
export function hostLackedMemory(end: ProcessEnd): boolean {
  return lackedMemory({ subject: HOST, loading: LOADING, serving: SERVING }, end);
}
