import type { EventTaker } from '../going-on/event-filter.js';
import { encodeEvent } from '../going-on/event-stream.js';
import { readEvent, type Chunk, type Members } from '../going-on/streamed-event.js';
import { isObject } from '../request-body.js';
import { sumUsages } from './sum-usages.js';

/** Members of the events that are not passed on as they are; inside a text their quotes would be escaped. */
const PROGRESS = '"prompt_progress":';
const USAGE = '"usage":{';
const DONE_DATA = 'data: [DONE]';

/**
 * A stream of several answers at once: takes the reports of progress out, which stand between the tokens here, and
 * gives one usage for all at the end where llama-server gives one for each.
 */
export class SeveralAnswers implements EventTaker {
  readonly #usages: Members[] = [];
  /** The last event that was about usage alone. */
  #held: Chunk | undefined;

  /** @param choices how many choices each prompt has. */
  constructor(private readonly choices: number) {}

  take(event: Buffer): Buffer | string | undefined {
    if (event.includes(PROGRESS)) return undefined;
    if (event.includes(USAGE)) return this.#takeUsage(event);
    if (this.#held === undefined || !event.includes(DONE_DATA)) return event;
    const usage = encodeEvent({ ...this.#held, usage: sumUsages(this.#usages, this.choices) });
    return Buffer.concat([Buffer.from(usage), event]);
  }

  end(): void {
    this.#held = undefined;
  }

  #takeUsage(event: Buffer): Buffer | string | undefined {
    const read = readEvent(event);
    if (read.kind !== 'chunk' || !isObject(read.chunk['usage'])) return event;
    const { chunk } = read;
    this.#usages.push(read.chunk['usage']);
    if (chunk.choices.length > 0) {
      return encodeEvent({ ...chunk, usage: sumUsages(this.#usages, this.choices) });
    }
    this.#held = chunk;
    return undefined;
  }
}
