import type { ProcessEnd } from '../process/engine-process.js';

/** What the host prints before it gives up, most telling first, and what that means. `$1` is the first group. */
const PATTERNS: readonly (readonly [RegExp, string])[] = [
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
  ],
  [/NoBinaryFound|no binary|Cannot find module/i, 'its llama.cpp is not installed for this machine'],
  [/EADDRINUSE/, 'its socket is in use'],
  [/GGML_ASSERT\((.*)\) failed/, 'the model file makes llama.cpp fail its own check "$1"'],
  [/error loading model: (.+)/, 'the model cannot be loaded: $1'],
  [/Failed to load model/, 'the model cannot be loaded'],
  [/^error: (.+)/, '$1'],
];

/** A sentence for people about how the host ended. Looks at its last lines only. */
export function explainHostEnd(end: ProcessEnd): string {
  if (end.asked) return 'stopped';
  const cause = causeIn(end.lastLines);
  const how = `The embedded llama.cpp engine ${howItEnded(end)}`;
  return cause === undefined ? `${how}.` : `${how}: ${cause.replace(/\.$/, '')}.`;
}

/** Undefined when no line says anything known. */
function causeIn(lines: readonly string[]): string | undefined {
  for (const [pattern, sentence] of PATTERNS) {
    for (const line of lines) {
      const match = pattern.exec(line);
      if (match !== null) return sentence.replace('$1', () => match[1] ?? '');
    }
  }
  return undefined;
}

function howItEnded(end: ProcessEnd): string {
  if (end.signal === 'SIGABRT') return 'gave up (SIGABRT)';
  if (end.signal === 'SIGKILL')
    return 'was killed (SIGKILL), by hand or because the machine ran out of memory';
  if (end.signal !== null) return `crashed (${end.signal})`;
  return `ended with exit code ${end.code ?? 'unknown'}`;
}
