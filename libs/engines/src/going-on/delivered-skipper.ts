import { hasUsage, type DeliveredAnswer } from './delivered-answer.js';
import { indexOf, leavesOf } from './choice-leaves.js';
import { differs, OwedChoice } from './owed-choice.js';
import { encodeEvent } from './event-stream.js';
import { readEvent, type Chunk, type Members } from './streamed-event.js';

/** Takes the events of an answer that is given once more and leaves those that follow what was delivered. */
export class DeliveredSkipper {
  readonly #identity: Members;
  readonly #choices: Map<number, OwedChoice>;
  #owedUsages: number;
  #failed = false;
  /** Whether anything new has come. */
  #begun = false;

  /** @param toUsage what to tell as usage instead of what the engine tells */
  constructor(
    { identity, choices, usages }: DeliveredAnswer,
    private readonly toUsage: (usage: Members) => Members = (usage) => usage,
  ) {
    this.#identity = identity;
    this.#choices = new Map([...choices].map(([index, said]) => [index, new OwedChoice(said)]));
    this.#owedUsages = usages;
  }

  /**
   * What to pass on for one event: its own bytes, another event or nothing.
   * @throws CannotContinue when the answer is not the one that was delivered
   */
  take(event: Buffer): Buffer | string | undefined {
    const read = readEvent(event);
    if (read.kind === 'chunk') return this.#takeChunk(read.chunk);
    if (read.kind === 'done') this.end();
    if (read.kind === 'error') this.#failed = true;
    const endsAnswer = read.kind === 'done' || read.kind === 'error';
    return endsAnswer || this.#begun ? event : undefined;
  }

  /** @throws CannotContinue when the answer ends before all that was delivered has come again */
  end(): void {
    const caughtUp = [...this.#choices.values()].every((choice) => choice.caughtUp);
    if (!caughtUp && !this.#failed) throw differs();
  }

  #takeChunk(chunk: Chunk): string | undefined {
    const choices = chunk.choices.flatMap((piece): Members[] => {
      const news = this.#choice(piece).take(piece);
      return news === undefined ? [] : [news];
    });
    const isSilent = leavesOf(chunk.choices).length === 0 && !hasUsage(chunk);
    if (isSilent) return this.#begun ? this.#encode(chunk) : undefined;
    const isUsageNew = hasUsage(chunk) && this.#owedUsages === 0;
    if (hasUsage(chunk) && !isUsageNew) this.#owedUsages--;
    if (choices.length === 0 && !isUsageNew) return undefined;
    this.#begun = true;
    const usage = isUsageNew ? this.toUsage(chunk['usage'] as Members) : undefined;
    return this.#encode({ ...chunk, ...(hasUsage(chunk) && { usage }), choices });
  }

  #encode(chunk: Chunk): string {
    return encodeEvent({ ...chunk, ...this.#identity });
  }

  #choice(piece: Members): OwedChoice {
    const index = indexOf(piece);
    const choice = this.#choices.get(index) ?? new OwedChoice(new Map());
    this.#choices.set(index, choice);
    return choice;
  }
}
