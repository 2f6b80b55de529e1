import type { ProcessEnd } from '../process/engine-process.js';
import { explainEnd, lackedMemory, type EndVocabulary, type ErrorPatterns } from '../process/explain-end.js';

const LOADING: ErrorPatterns = [
  [/failed to load draft model|draft model .* not compatible/i, 'the draft model cannot be used with it'],
  [/failed to load (?:CLIP|multimodal) model/i, 'the projector file of the model cannot be loaded'],
  [
    /unknown model architecture: '([^']*)'/,
    'this llama-server does not know the model architecture "$1"; a newer one may',
  ],
  [
    /not within the file bounds|corrupted or incomplete/,
    'the model file is cut short or damaged; pull the model again',
  ],
  [
    /GGUF file is version (\d+) but/,
    'the model file is GGUF version $1, which this llama-server is too old for',
  ],
  [/No such file or directory/, 'a file of the model is not there; pull the model again'],
  [/Permission denied/, 'a file of the model may not be read by this user'],
  [/invalid magic|failed to read magic|bad magic/, 'the model file is not a GGUF file'],
  [/CLIP cannot be used as main model/, 'the model file is a projector, not a model'],
  [/chat template is not supported/, 'the chat template of the model cannot be used by this llama-server'],
  [
    /out of memory|failed to allocate|unable to allocate|bad_alloc|cudaMalloc failed|ErrorOutOfDeviceMemory|Cannot allocate memory/i,
    'there is not enough memory to load the model; use a smaller context, fewer slots or a smaller model',
    'memory',
  ],
  [
    /couldn't bind HTTP server socket/,
    'its socket or port is in use, or the folder of the socket may not be written',
  ],
  [
    /invalid argument: (\S+)/,
    'llama-server does not know the argument "$1"; see the extra arguments of the worker',
  ],
  [/error while (?:handling|parsing) (.+)/, 'llama-server refused its arguments: $1'],
  [/GGML_ASSERT\((.*)\) failed/, 'the model file makes llama.cpp fail its own check "$1"'],
  [/error while loading shared libraries: ([^:]+)/, 'the library $1 is missing on this machine'],
  [/: not found$|cannot execute|Exec format error/, 'the llama-server program cannot be run on this machine'],
  [/error loading model: (.+)/, 'the model cannot be loaded: $1'],
  [/failed to load model/, 'the model cannot be loaded'],
];

const SERVING: ErrorPatterns = [
  [/cudaMalloc failed|ErrorOutOfDeviceMemory|bad_alloc/, 'it ran out of memory'],
  [/GGML_ASSERT\(([^)]*)\) failed/, 'llama.cpp failed its own check "$1"'],
];

const VOCABULARY: EndVocabulary = { subject: 'llama-server', loading: LOADING, serving: SERVING };

/** A sentence for people about how llama-server ended; has no paths of ours in it. */
export function explainLlamaServerEnd(end: ProcessEnd): string {
  return explainEnd(VOCABULARY, end);
}

/** Whether it could not load its model for want of memory. */
export function llamaServerLackedMemory(end: ProcessEnd): boolean {
  return lackedMemory(VOCABULARY, end);
}
