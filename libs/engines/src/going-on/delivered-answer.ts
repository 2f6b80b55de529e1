import { CannotContinue } from './cannot-continue.js';
import { EventSplitter } from './event-stream.js';
import { indexOf, leavesOf, type Leaf } from './choice-leaves.js';
import { identityOf, readEvent, type Chunk, type Members, type StreamedEvent } from './streamed-event.js';

/** What a caller has of an answer that broke off. */
export interface DeliveredAnswer {
  /** In the order they came; comments left out. */
  readonly chunks: readonly Chunk[];
  /** Id, time, model and fingerprint of the answer. */
  readonly identity: Members;
  /** For each choice, by its index: all that was said, by path; pieces of one path joined. */
  readonly choices: ReadonlyMap<number, ReadonlyMap<string, Leaf>>;
  /** Chunks that told the usage. */
  readonly usages: number;
  /** Whether it came to its end, good or bad: nothing can follow. */
  readonly ended: boolean;
}

/**
 * @param bytes whole events
 * @throws CannotContinue when it is something else
 */
export function readDelivered(bytes: Buffer): DeliveredAnswer {
  const splitter = new EventSplitter();
  const events = splitter.push(bytes).map(readEvent);
  if (splitter.rest.length > 0)
    throw new CannotContinue('What was delivered ends in the middle of an event.');
  if (events.some(({ kind }) => kind === 'unreadable')) {
    throw new CannotContinue('What was delivered is no stream of completion events.');
  }
  const chunks = events.flatMap((event) => (event.kind === 'chunk' ? [event.chunk] : []));
  return {
    chunks,
    identity: identityOf(chunks[0] ?? {}),
    choices: joinChoices(chunks),
    usages: chunks.filter(hasUsage).length,
    ended: events.some(endsAnswer),
  };
}

export function hasUsage(chunk: Chunk): boolean {
  return (chunk['usage'] ?? null) !== null;
}

function endsAnswer({ kind }: StreamedEvent): boolean {
  return kind === 'done' || kind === 'error';
}

function joinChoices(chunks: readonly Chunk[]): Map<number, Map<string, Leaf>> {
  const choices = new Map<number, Map<string, Leaf>>();
  for (const choice of chunks.flatMap((chunk) => chunk.choices)) {
    const index = indexOf(choice);
    const joined = choices.get(index) ?? new Map<string, Leaf>();
    choices.set(index, joined);
    for (const [path, leaf] of leavesOf(choice)) joined.set(path, join(joined.get(path), leaf));
  }
  return choices;
}

function join(earlier: Leaf | undefined, later: Leaf): Leaf {
  if (earlier === undefined) return later;
  if (earlier.kind === 'text' && later.kind === 'text')
    return { kind: 'text', text: earlier.text + later.text };
  if (earlier.kind === 'list' && later.kind === 'list') {
    return { kind: 'list', items: [...earlier.items, ...later.items] };
  }
  return earlier;
}
