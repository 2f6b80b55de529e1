import type { Tokenizer } from '../gguf/tokenizer.js';

const CONTROL = 3;
const USER_DEFINED = 4;

/** The content of a `tokenizer.json` that cuts text as the GGUF's tokenizer does. */
export function bytePairTokenizer({ tokens, types, merges }: Tokenizer): object {
  const numbered = tokens.map((content, id) => ({ content, id, type: types[id] }));
  const isAdded = (type: number | undefined): boolean => type === CONTROL || type === USER_DEFINED;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: numbered
      .filter(({ type }) => isAdded(type))
      .map(({ id, content, type }) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: type === CONTROL,
      })),
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(
        numbered.filter(({ type }) => !isAdded(type)).map(({ content, id }) => [content, id]),
      ),
      merges,
    },
  };
}
