import { syntheticToken } from './token-text.js';

export type Endpoint = 'chat' | 'text';

/** How many chunks of each kind are kept ready; later ones are made when they are needed. */
const KEPT = 4096;
const ID = 'chatcmpl-synthetic';

/** Makes the events of a stream, each token's bytes only once a process. */
export class Chunks {
  private readonly kept: Readonly<Record<Endpoint, Buffer[]>> = { chat: [], text: [] };
  /** When this process began; stands in all answers so that their bytes can be shared. */
  private readonly created = Math.floor(Date.now() / 1000);

  constructor(private readonly model: string) {}

  /** What a chat stream begins with. */
  role(): string {
    return this.event('chat', { finish_reason: null, index: 0, delta: { role: 'assistant', content: null } });
  }

  /** Token number `index`, counted from 1. */
  token(endpoint: Endpoint, index: number): Buffer {
    const kept = this.kept[endpoint][index];
    if (kept !== undefined) return kept;
    const bytes = Buffer.from(this.event(endpoint, tokenChoice(endpoint, index)));
    if (index < KEPT) this.kept[endpoint][index] = bytes;
    return bytes;
  }

  /** Token number `index` with the time of now. */
  stampedToken(endpoint: Endpoint, index: number): Buffer {
    const emittedAt = Number(process.hrtime.bigint() / 1_000n);
    return Buffer.from(this.event(endpoint, { ...tokenChoice(endpoint, index), emitted_at: emittedAt }));
  }

  /** All after the last token. */
  end(endpoint: Endpoint, usage: object | undefined): string {
    const choice =
      endpoint === 'chat'
        ? { finish_reason: 'length', index: 0, delta: {} }
        : { text: '', index: 0, logprobs: null, finish_reason: 'length' };
    const last = usage === undefined ? '' : this.event(endpoint, undefined, usage);
    return `${this.event(endpoint, choice)}${last}data: [DONE]\n\n`;
  }

  /** The answer to a request that does not stream. */
  whole(endpoint: Endpoint, text: string, usage: object): object {
    const choice =
      endpoint === 'chat'
        ? { finish_reason: 'length', index: 0, message: { role: 'assistant', content: text } }
        : { text, index: 0, logprobs: null, finish_reason: 'length' };
    const object = endpoint === 'chat' ? 'chat.completion' : 'text_completion';
    return { choices: [choice], created: this.created, model: this.model, object, usage, id: ID };
  }

  private event(endpoint: Endpoint, choice: object | undefined, usage?: object): string {
    const object = endpoint === 'chat' ? 'chat.completion.chunk' : 'text_completion';
    const choices = choice === undefined ? [] : [choice];
    const chunk = { choices, created: this.created, id: ID, model: this.model, object, usage };
    return `data: ${JSON.stringify(chunk)}\n\n`;
  }
}

function tokenChoice(endpoint: Endpoint, index: number): object {
  const text = syntheticToken(index);
  return endpoint === 'chat'
    ? { finish_reason: null, index: 0, delta: { content: text } }
    : { text, index: 0, logprobs: null, finish_reason: null };
}
