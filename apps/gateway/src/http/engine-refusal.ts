import type { StreamedResponse } from './streamed-response.js';

/** Characters of a refusal that are passed on. */
const LONGEST_REFUSAL = 64 * 1024;

/** Characters of a refusal that is no error object and is printed as a sentence. */
const LONGEST_REASON = 1_000;

/** What an engine answered instead of an event stream, to a client that already has the head of one. */
export class EngineRefusal extends Error {
  override readonly name = 'EngineRefusal';

  constructor(
    readonly status: number,
    /** The engine's own words, up to a bound. */
    readonly body: string,
  ) {
    super(`The engine answered with status ${status} and no event stream.`);
  }

  /** What the engine says was wrong, in a sentence. */
  get reason(): string {
    const words = messageOf(this.body) ?? this.body.trim().slice(0, LONGEST_REASON);
    return words === '' ? this.message : words;
  }
}

/** The message of an OpenAI error object, or of what else engines answer with. */
function messageOf(body: string): string | undefined {
  try {
    const data: unknown = JSON.parse(body);
    if (typeof data !== 'object' || data === null || !('error' in data)) return undefined;
    const { error } = data;
    if (typeof error === 'string') return error;
    if (typeof error !== 'object' || error === null || !('message' in error)) return undefined;
    return typeof error.message === 'string' ? error.message : undefined;
  } catch {
    return undefined;
  }
}

/** Reads an answer that is no event stream, as far as it is passed on. @throws whatever the body fails with */
export async function readRefusal({ status, body }: StreamedResponse): Promise<EngineRefusal> {
  const parts: Buffer[] = [];
  let length = 0;
  for await (const part of body) {
    parts.push(part);
    length += part.length;
    if (length > LONGEST_REFUSAL) break;
  }
  return new EngineRefusal(status, Buffer.concat(parts).toString('utf8', 0, LONGEST_REFUSAL));
}
