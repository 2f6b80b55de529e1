import type { ProcessEnd } from '../process/engine-process.js';
import { explainEnd, lackedMemory, type EndVocabulary } from '../process/explain-end.js';

const NO_MEMORY = 'there is not enough memory to load the model; use a smaller context or a smaller model';

const VOCABULARY: EndVocabulary = {
  subject: 'SGLang',
  loading: [
    [/OutOfMemoryError|CUDA out of memory|HIP out of memory|Cannot allocate memory/i, NO_MEMORY, 'memory'],
    [/Not enough memory|out of memory|MemoryError|bad_alloc/i, NO_MEMORY, 'memory'],
    [/unrecognized arguments: (.+)/, 'it does not know the arguments $1'],
    [/error: argument (.+)/, 'it refused its argument $1'],
    [/address already in use/i, 'its port was taken by another program'],
    [/No module named '?([\w.]+)/, 'its installation lacks the Python module $1'],
    [
      /Model architectures? \[?'?"?([\w, '"]+?)['"]?\]? (?:is|are) not supported/,
      'this SGLang does not know the model architecture $1',
    ],
    [
      /context_?length.*(?:longer|greater|larger) than|derived context_length/i,
      'the context is longer than the model was made for',
    ],
    [
      /No accelerator|no kernel image|no CUDA-capable device|Found no NVIDIA driver|is not available/i,
      'this machine has no accelerator that it can use',
    ],
    [
      /safetensors_rust\.SafetensorError|Error while deserializing header/,
      'a weight file of the model is cut short or damaged; pull the model again',
    ],
    [/config\.json/, 'the model has no config.json that it can read'],
    [/^\w*(?:ValueError|RuntimeError|AssertionError|KeyError): (.+)/, 'the model cannot be loaded: $1'],
    [/: not found$|cannot execute|Exec format error/, 'the SGLang program cannot be run on this machine'],
  ],
  serving: [
    [/OutOfMemoryError|CUDA out of memory|MemoryError/i, 'it ran out of memory'],
    [/Scheduler hit an exception|watchdog timeout/i, 'its scheduler failed'],
  ],
};

/** A sentence for people about how SGLang ended. */
export function explainSglangEnd(end: ProcessEnd): string {
  return explainEnd(VOCABULARY, end);
}

/** Whether it could not load its model for want of memory. */
export function sglangLackedMemory(end: ProcessEnd): boolean {
  return lackedMemory(VOCABULARY, end);
}
