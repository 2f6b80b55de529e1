import type { LlamaModel } from 'node-llama-cpp';
import type { ChatTemplate } from './chat-template.js';
import { decodeChat, isTokenList } from './completion-request.js';
import { readBoolean, readString, show } from './fields.js';
import { checkTokens, tokenizeFramed } from './prompt-tokens.js';
import { badRequest } from './request-error.js';
import type { Handler } from './service.js';

/** llama-server's routes from text to tokens and back, and from a chat to its prompt. */
export function tokenRoutes(
  model: LlamaModel,
  template: ChatTemplate,
): readonly (readonly [string, Handler])[] {
  const tokenize: Handler = async (body) => {
    const content = readString(body, 'content') ?? '';
    const parseSpecial = readBoolean(body, 'parse_special') ?? true;
    const framed = readBoolean(body, 'add_special') ?? false;
    const tokens = framed ? tokenizeFramed(model, content) : model.tokenize(content, parseSpecial);
    if (readBoolean(body, 'with_pieces') !== true) return { kind: 'whole', body: { tokens } };
    const pieces = tokens.map((id) => ({ id, piece: model.detokenize([id], true) }));
    return { kind: 'whole', body: { tokens: pieces } };
  };
  const detokenize: Handler = async (body) => {
    const tokens = body['tokens'] ?? [];
    if (!isTokenList(tokens))
      throw badRequest(`'tokens' must be a list of token ids, but is ${show(tokens)}.`);
    return { kind: 'whole', body: { content: model.detokenize(checkTokens(model, tokens), true) } };
  };
  const render: Handler = async (body) => {
    return { kind: 'whole', body: { prompt: template.render(decodeChat(body).render) } };
  };
  return [
    ['POST /tokenize', tokenize],
    ['POST /detokenize', detokenize],
    ['POST /apply-template', render],
  ];
}
