import { LlamaVocabularyType, type LlamaModel, type Token } from 'node-llama-cpp';
import { badRequest } from './request-error.js';

/** Tokens of a text with its special tokens recognised, framed as the vocabulary demands (BOS, EOS, CLS, SEP). */
export function tokenizeFramed(model: LlamaModel, text: string): Token[] {
  const tokens = model.tokenize(text, true);
  const { begin, end } = frameOf(model);
  if (begin !== null) tokens.unshift(begin);
  if (end !== null) tokens.push(end);
  return tokens;
}

/** The same for a rendered chat template, which may have written the begin token itself. */
export function tokenizeChat(model: LlamaModel, text: string): Token[] {
  const begin = frameOf(model).begin === null ? null : model.tokens.bosString;
  const written = begin !== null && begin !== '' && text.startsWith(begin);
  return tokenizeFramed(model, written ? text.slice(begin.length) : text);
}

/** @throws RequestError when the model has no such token. */
export function checkTokens(model: LlamaModel, tokens: readonly number[]): Token[] {
  const size = vocabularySize(model);
  const unknown = tokens.find((token) => token >= size);
  if (unknown === undefined) return tokens as Token[];
  throw badRequest(`This model has no token ${unknown}; its ids go from 0 to ${size - 1}.`);
}

export function vocabularySize(model: LlamaModel): number {
  return model.fileInfo.metadata.tokenizer?.ggml?.tokens?.length ?? 0;
}

function frameOf(model: LlamaModel): { begin: Token | null; end: Token | null } {
  const { tokens } = model;
  switch (model.vocabularyType) {
    case LlamaVocabularyType.rwkv:
      return { begin: null, end: null };
    case LlamaVocabularyType.wpm:
      return { begin: tokens.bos, end: tokens.sep };
    case LlamaVocabularyType.ugm:
      return { begin: null, end: tokens.eos };
    default:
      return {
        begin: tokens.shouldPrependBosToken ? tokens.bos : null,
        end: tokens.shouldAppendEosToken ? tokens.eos : null,
      };
  }
}
