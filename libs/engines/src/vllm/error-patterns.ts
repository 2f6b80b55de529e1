import type { ProcessEnd } from '../process/engine-process.js';
import { explainEnd, lackedMemory, type EndVocabulary, type ErrorPatterns } from '../process/explain-end.js';

const TOO_LITTLE_MEMORY =
  'there is not enough memory to load the model; use a smaller context, fewer slots or a smaller model';

const LOADING: ErrorPatterns = [
  [
    /out of memory|OutOfMemoryError|can't allocate memory|std::bad_alloc|MemoryError/i,
    TOO_LITTLE_MEMORY,
    'memory',
  ],
  [/No available memory for the cache blocks/, TOO_LITTLE_MEMORY, 'memory'],
  [/larger than the available KV cache memory/, TOO_LITTLE_MEMORY, 'memory'],
  [
    /is less than desired \w+ memory utilization|on kv cache allocation is less than/,
    TOO_LITTLE_MEMORY,
    'memory',
  ],
  [/is less than the engine's budget/, TOO_LITTLE_MEMORY, 'memory'],
  [
    /max_model_len \((\d+)\) is greater than the derived/,
    'the model cannot hold the $1 tokens that were asked for; use a smaller context',
  ],
  [
    /Model architectures \['?([^'\]]*)'?[^\]]*\] (?:are not supported|failed)/,
    'this vLLM does not know the model architecture "$1"; a newer one may',
  ],
  [/model type `([^`]*)`/, 'this vLLM does not know the model type "$1"; a newer one may'],
  [
    /SafetensorError|HeaderTooLarge|InvalidHeader|MetadataIncompleteBuffer|incomplete metadata/,
    'the model file is cut short or damaged; pull the model again',
  ],
  [
    /Cannot find any model weights/,
    'there are no weights in safetensors beside the configuration of the model',
  ],
  [/does not appear to have a file named (\S+)/, 'the model lacks its file $1; pull the model again'],
  [/invalid tool call parser: (\S+)/, 'this vLLM has no tool-call parser named $1'],
  [/unrecognized arguments: (.+)/, 'vLLM does not know the arguments "$1"; see the flags of the model'],
  [/error: argument (.+)/, 'vLLM refused an argument: $1'],
  [/[Aa]ddress already in use/, 'its socket or port is in use'],
  [/No module named '([^']+)'/, 'the Python module $1 is missing on this machine'],
  [/error while loading shared libraries: ([^:]+)/, 'the library $1 is missing on this machine'],
  [
    /: not found$|cannot execute|Exec format error|bad interpreter/,
    'the vllm program cannot be run on this machine',
  ],
  [/(?:ValueError|ValidationError|RuntimeError|OSError|KeyError): (?!Engine core)(.{1,300})/, 'it says "$1"'],
];

const SERVING: ErrorPatterns = [
  [/out of memory|OutOfMemoryError/i, 'it ran out of memory'],
  [/EngineDeadError|EngineCore encountered a fatal error/, 'its engine core failed'],
];

const VOCABULARY: EndVocabulary = { subject: 'vLLM', loading: LOADING, serving: SERVING };

/** A sentence for people about how vLLM ended. */
export function explainVllmEnd(end: ProcessEnd): string {
  return explainEnd(VOCABULARY, end);
}

/** Whether memory was what it lacked while it loaded. */
export function vllmLackedMemory(end: ProcessEnd): boolean {
  return lackedMemory(VOCABULARY, end);
}
