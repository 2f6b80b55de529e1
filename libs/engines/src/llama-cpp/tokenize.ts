import { text } from 'node:stream/consumers';
import type { Endpoint } from '../endpoint.js';
import { callEngine, EngineConnectionError } from '../engine-client.js';
import { isObject, parseObject } from '../request-body.js';
import type { ContinuedPrompt } from '../going-on/plan-continuation.js';

/** Asks one session of llama-server about tokens. What it refuses, or answers in another shape, is undefined. */
export class Tokenizer {
  constructor(
    private readonly endpoint: Endpoint,
    private readonly signal: AbortSignal,
  ) {}

  /** The tokens of a prompt, as generation would make them. */
  async promptTokens(prompt: ContinuedPrompt): Promise<readonly number[] | undefined> {
    if (prompt.kind === 'raw' && typeof prompt.content !== 'string') return prompt.content;
    const content = prompt.kind === 'raw' ? prompt.content : await this.#chatText(prompt.request);
    if (content === undefined) return undefined;
    return (await this.#tokenize({ content, add_special: true, parse_special: true }))?.map(({ id }) => id);
  }

  /**
   * The tokens of pieces of text, each on its own, as they came; undefined when they do not spell the same text, as
   * with vocabularies that put a space before every text.
   */
  async pieceTokens(pieces: readonly string[]): Promise<readonly number[] | undefined> {
    const tokens = await this.#tokenize({ content: pieces, add_special: false, parse_special: false });
    if (tokens === undefined) return undefined;
    const spelt = Buffer.concat(tokens.map(({ piece }) => Buffer.from(piece)));
    return spelt.equals(Buffer.from(pieces.join(''))) ? tokens.map(({ id }) => id) : undefined;
  }

  /** Tokens of the prompt of any chat, with the tools it offers. */
  async countPrompt(request: Readonly<Record<string, unknown>>): Promise<number | undefined> {
    const { messages, tools, chat_template_kwargs: more } = request;
    const prompt = await this.#template({ messages, tools, chat_template_kwargs: more });
    const tokens =
      prompt && (await this.#tokenize({ content: prompt, add_special: true, parse_special: true }));
    return tokens ? tokens.length : undefined;
  }

  /**
   * The prompt of a chat; undefined too when its template puts something before an answer that is neither in the prompt
   * nor in the text of the answer, such as the name of a channel: then the text does not tell what was generated.
   */
  async #chatText(request: Readonly<Record<string, unknown>>): Promise<string | undefined> {
    const { messages, chat_template_kwargs: more } = request;
    const asked = messages as readonly unknown[];
    const past = [...asked, { role: 'assistant', content: MARK }, { role: 'user', content: 'x' }];
    const [prompt, history] = await Promise.all([
      this.#template({ messages: asked, chat_template_kwargs: more }),
      this.#template({ messages: past, chat_template_kwargs: more }),
    ]);
    const place = history?.indexOf(MARK) ?? -1;
    return place >= 0 && prompt?.startsWith(history?.slice(0, place) ?? '') ? prompt : undefined;
  }

  async #template(chat: object): Promise<string | undefined> {
    const { prompt } = (await this.#post('/apply-template', chat)) ?? {};
    return typeof prompt === 'string' ? prompt : undefined;
  }

  async #tokenize(body: object): Promise<readonly Token[] | undefined> {
    const { tokens } = (await this.#post('/tokenize', { ...body, with_pieces: true })) ?? {};
    return Array.isArray(tokens) && tokens.every(isToken) ? tokens : undefined;
  }

  async #post(route: string, body: object): Promise<Record<string, unknown> | undefined> {
    const { signal } = this;
    const response = await callEngine(this.endpoint, { route, body: JSON.stringify(body), signal });
    try {
      const answer = parseObject(await text(response.body));
      return response.status === 200 ? answer : undefined;
    } catch (error) {
      signal.throwIfAborted();
      throw new EngineConnectionError('The engine broke off before it had counted tokens.', { cause: error });
    }
  }
}

/** Stands for an answer in a chat. */
const MARK = 'xANSWERx';

interface Token {
  readonly id: number;
  /** Bytes where they are not UTF-8. */
  readonly piece: string;
}

function isToken(value: unknown): value is Token {
  if (!isObject(value) || typeof value['id'] !== 'number') return false;
  return typeof value['piece'] === 'string' || Array.isArray(value['piece']);
}
