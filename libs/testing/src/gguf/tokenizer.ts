import { bool, i32s, string, strings, u32, type Metadata } from './metadata.js';

/** A byte-level byte-pair tokenizer, in the shape in which a GGUF header holds it. */
export interface Tokenizer {
  readonly tokens: readonly string[];
  readonly types: readonly number[];
  readonly merges: readonly string[];
  /** Id of a special token by its text, or of a normal token by the text it stands for. */
  idOf(text: string): number;
}

export interface TokenizerOptions {
  readonly vocabularySize: number;
  /** Tokens that steer: never part of the text. */
  readonly control: readonly string[];
  /** Whole pieces of text that are always one token. */
  readonly pieces: readonly string[];
}

export const END_OF_TURN = '<|im_end|>';
const START_OF_TURN = '<|im_start|>';
const PADDING = '<|pad|>';
const FILL_IN = { fim_pre: '<|fim_prefix|>', fim_suf: '<|fim_suffix|>', fim_mid: '<|fim_middle|>' };

/** The control tokens that every tokenizer of ours has. */
export const CONTROL_TOKENS = [START_OF_TURN, END_OF_TURN, PADDING, ...Object.values(FILL_IN)];

const TOKEN_TYPE = { normal: 1, control: 3, userDefined: 4 } as const;

/**
 * Bytes first, then syllables joined from them by merges until the vocabulary is full, then control tokens and pieces.
 * @throws Error when two tokens are equal, which would abort every engine, or when the vocabulary does not fit
 */
export function buildTokenizer({ vocabularySize, control, pieces }: TokenizerOptions): Tokenizer {
  const bytes = byteAlphabet();
  const room = vocabularySize - bytes.length - control.length - pieces.length;
  if (room < 0) throw new Error(`A vocabulary of ${vocabularySize} is ${-room} too small for its tokens.`);
  const pairs = syllablePairs(encodeBytes(' ', bytes)).slice(0, room);
  if (pairs.length < room) throw new Error(`There are only ${pairs.length} syllables for ${room} places.`);
  const normal = [...bytes, ...pairs.map((pair) => pair.join(''))];
  const tokens = [...normal, ...control, ...pieces];
  const ids = indexOnce(tokens);
  return {
    tokens,
    types: [
      ...normal.map(() => TOKEN_TYPE.normal),
      ...control.map(() => TOKEN_TYPE.control),
      ...pieces.map(() => TOKEN_TYPE.userDefined),
    ],
    merges: pairs.map((pair) => pair.join(' ')),
    idOf: (text) => {
      const id = ids.get(text) ?? ids.get(encodeBytes(text, bytes));
      if (id === undefined) throw new Error(`The tokenizer has no token for ${JSON.stringify(text)}.`);
      return id;
    },
  };
}

export function tokenizerMetadata(tokenizer: Tokenizer, chatTemplate: string): Metadata {
  return {
    'tokenizer.ggml.model': string('gpt2'),
    'tokenizer.ggml.pre': string('qwen2'),
    'tokenizer.ggml.tokens': strings(tokenizer.tokens),
    'tokenizer.ggml.token_type': i32s(tokenizer.types),
    'tokenizer.ggml.merges': strings(tokenizer.merges),
    'tokenizer.ggml.eos_token_id': u32(tokenizer.idOf(END_OF_TURN)),
    'tokenizer.ggml.padding_token_id': u32(tokenizer.idOf(PADDING)),
    'tokenizer.ggml.add_bos_token': bool(false),
    ...Object.fromEntries(
      Object.entries(FILL_IN).map(([name, token]) => [
        `tokenizer.ggml.${name}_token_id`,
        u32(tokenizer.idOf(token)),
      ]),
    ),
    'tokenizer.chat_template': string(chatTemplate),
  };
}

/** The printable character that stands for each of the 256 bytes: printable ones for themselves, the rest from U+0100. */
function byteAlphabet(): readonly string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCodePoint(printable ? byte : next++);
  });
}

function encodeBytes(text: string, alphabet: readonly string[]): string {
  return Array.from(Buffer.from(text, 'utf8'), (byte) => alphabet[byte]).join('');
}

/** Merges in the order of their rank: consonant and vowel, then a space before them, then two such syllables. */
function syllablePairs(space: string): ReadonlyArray<readonly [string, string]> {
  const vowels = Array.from('aeiou');
  const open = cross(Array.from('bcdfghjklmnpqrstvwxyz'), vowels);
  const syllables = open.map((pair) => pair.join(''));
  const spaced = cross([space], syllables);
  return [
    ...open,
    ...spaced,
    ...cross(
      spaced.map((pair) => pair.join('')),
      syllables,
    ),
  ];
}

function cross(left: readonly string[], right: readonly string[]): ReadonlyArray<readonly [string, string]> {
  return left.flatMap((first) => right.map((second) => [first, second] as const));
}

function indexOnce(tokens: readonly string[]): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    if (ids.has(token)) throw new Error(`The token ${JSON.stringify(token)} stands twice in the vocabulary.`);
    ids.set(token, id);
  }
  return ids;
}
