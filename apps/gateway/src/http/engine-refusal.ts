import type { StreamedResponse } from './streamed-response.js';

/** Characters of a refusal that are passed on. */
const LONGEST_REFUSAL = 64 * 1024;

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
