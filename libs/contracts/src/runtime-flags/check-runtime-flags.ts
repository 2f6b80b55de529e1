import type { EngineName } from '../vocabulary.js';
import type { FlagList } from './flag-list.js';
import { LLAMA_CPP_FLAGS } from './llama-cpp.js';
import { OPENAI_FLAGS } from './openai.js';
import { SGLANG_FLAGS } from './sglang.js';
import { VLLM_FLAGS } from './vllm.js';

export const RUNTIME_FLAGS: Readonly<Record<EngineName, FlagList>> = {
  'llama.cpp': LLAMA_CPP_FLAGS,
  vllm: VLLM_FLAGS,
  sglang: SGLANG_FLAGS,
  openai: OPENAI_FLAGS,
};

/** A flag, by itself or with its value behind `=`. A number below zero is a value. */
const FLAG = /^(--?[A-Za-z][\w.-]*)(?:=(.*))?$/s;
const NEGATIVE_VALUE = /^-\.?\d/;

/** Command line that a caller may write; characters and words. */
const LONGEST_WORD = 4_096;
const MOST_WORDS = 256;

/**
 * Whether a caller's command line may be handed to an engine. A word with a slash or backslash could name a file and is
 * refused wherever it stands. A value is checked where it is known what the flag takes, else it is the engine's to judge.
 * @param flags words of a command line
 * @returns what is wrong, in a sentence; undefined when nothing is
 */
export function checkRuntimeFlags(engine: EngineName, flags: readonly string[]): string | undefined {
  if (flags.length > MOST_WORDS) return `There are more than ${MOST_WORDS} runtime flags.`;
  for (const [index, word] of flags.entries()) {
    const problem = checkWord(engine, word, index === 0);
    if (problem !== undefined) return problem;
  }
  for (const [index, word] of flags.entries()) {
    const problem = checkValue(engine, word, flags[index + 1]);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

function checkWord(engine: EngineName, word: string, expectsFlag: boolean): string | undefined {
  const shown = JSON.stringify(word.slice(0, 100));
  if (word.length > LONGEST_WORD)
    return `The runtime flag ${shown} is longer than ${LONGEST_WORD} characters.`;
  if (/[/\\]/.test(word)) return `The runtime flag ${shown} could name a file: "/" and "\\" are not allowed.`;
  if (hasControlCharacter(word)) return `The runtime flag ${shown} has a control character in it.`;
  if (isValue(word))
    return expectsFlag ? `The runtime flags begin with ${shown}, which is no flag.` : undefined;
  const [, flag, value] = FLAG.exec(word) ?? [];
  if (flag === undefined) return `The runtime flag ${shown} is no flag.`;
  if (value?.startsWith('-') && !NEGATIVE_VALUE.test(value))
    return `The runtime flag ${shown} has a flag as its value.`;
  return checkFlag(engine, flag);
}

function checkFlag(engine: EngineName, flag: string): string | undefined {
  const { allowed, reserved } = RUNTIME_FLAGS[engine];
  if (allowed.has(flag)) return undefined;
  if (allowed.size === 0) return `The engine ${engine} takes no runtime flags: whoever runs it chose them.`;
  const reason = reserved.get(flag);
  if (reason !== undefined) return `The runtime flag ${flag} cannot be set for ${engine}: ${reason}.`;
  return `The runtime flag ${flag} is not allowed for ${engine}, which is the engine that runs this model.`;
}

/** @param next what stands behind the word */
function checkValue(engine: EngineName, word: string, next: string | undefined): string | undefined {
  const [, flag = '', inside] = FLAG.exec(word) ?? [];
  const known = RUNTIME_FLAGS[engine].values?.get(flag);
  if (known === undefined) return undefined;
  const value = inside ?? (next !== undefined && isValue(next) ? next : undefined);
  if (value === undefined ? known.optional === true : known.holds(value)) return undefined;
  const given = value === undefined ? 'and has no value' : `not ${JSON.stringify(value.slice(0, 100))}`;
  return `The runtime flag ${flag} of ${engine} takes ${known.words}, ${given}.`;
}

function isValue(word: string): boolean {
  return !word.startsWith('-') || NEGATIVE_VALUE.test(word);
}

function hasControlCharacter(word: string): boolean {
  return [...word].some((character) => character < ' ' && character !== '\n' && character !== '\t');
}
