import { setTimeout as delay } from 'node:timers/promises';
import type { ProgressLine, PullEvent, PullFailure } from '#contracts';
import { RouteFailure } from '../http/failure.js';

/** A pull that says nothing for this long gets a line all the same, so that proxies keep the connection; ms. */
const QUIET_LIMIT_MS = 2_000;

const NOTHING = { total: 0, layer: { size: 0, current: 0 }, mode: 'pull' } as const;
/** Said while nothing has been heard of the pull, and then. */
const WAITING: ProgressLine = { type: 'progress', message: 'Waiting for a worker…', ...NOTHING };
const GOING_ON: ProgressLine = { type: 'progress', message: 'Still pulling…', ...NOTHING };

const STATUS_OF: Readonly<Record<PullFailure, number>> = {
  unauthorized: 401,
  'not-found': 404,
  unsupported: 422,
  invalid: 400,
  failed: 500,
};

/** What existing clients look for. A source that knows more says so behind these words. */
const WORDS: Readonly<Partial<Record<PullFailure, string>>> = {
  unauthorized: 'Unauthorized',
  'not-found': 'Model not found',
};

/**
 * A pull as the progress stream of the Model Runner: one JSON object a line, the last one a success or an error.
 * Lines that carry no bytes are held back until there is progress, or `quietLimitMs` has gone by, so that a pull which
 * fails at once can still be answered with a status.
 * @throws RouteFailure with that status, before the first line only.
 */
export async function* progressLines(
  events: AsyncIterable<PullEvent>,
  quietLimitMs: number = QUIET_LIMIT_MS,
): AsyncGenerator<Buffer, void, void> {
  const held: ProgressLine[] = [];
  const started = performance.now();
  let begun = false;
  let heard = false;
  for await (const event of withSilences(events, quietLimitMs)) {
    if (event === 'silence') {
      begun = true;
      yield encode([...held.splice(0), heard ? GOING_ON : WAITING]);
    } else if (event.outcome !== undefined) {
      if (!event.outcome.ok && !begun) throw refusal(event.outcome);
      yield encode([...held.splice(0), conclusion(event.outcome)]);
      return;
    } else if (event.line !== undefined) {
      heard = true;
      held.push(event.line);
      begun ||= event.line.layer.id !== undefined || performance.now() - started >= quietLimitMs;
      if (begun) yield encode(held.splice(0));
    }
  }
}

/** The events, and `silence` for each stretch of `limitMs` without one. */
async function* withSilences(
  events: AsyncIterable<PullEvent>,
  limitMs: number,
): AsyncGenerator<PullEvent | 'silence', void, void> {
  const iterator = events[Symbol.asyncIterator]();
  let ended = false;
  try {
    while (!ended) {
      const next = iterator.next();
      let first = await orSilence(next, limitMs);
      while (first === 'silence') {
        yield 'silence';
        first = await orSilence(next, limitMs);
      }
      ended = first.done === true;
      if (!first.done) yield first.value;
    }
  } finally {
    if (!ended) void iterator.return?.();
  }
}

async function orSilence<T>(next: Promise<T>, limitMs: number): Promise<T | 'silence'> {
  const timer = new AbortController();
  try {
    const silence = delay(limitMs, 'silence' as const, { signal: timer.signal });
    silence.catch(() => undefined);
    return await Promise.race([next, silence]);
  } finally {
    timer.abort();
  }
}

type Outcome = NonNullable<PullEvent['outcome']>;

function conclusion(outcome: Outcome): ProgressLine {
  if (outcome.ok) return { type: 'success', message: outcome.message, ...NOTHING };
  return { type: 'error', message: `Error: ${outcome.message}`, ...NOTHING };
}

function refusal({ failure, message }: Extract<Outcome, { ok: false }>): RouteFailure {
  const words = WORDS[failure];
  const text = words === undefined || message.startsWith(`${words}: `) ? message : words;
  return new RouteFailure(STATUS_OF[failure], text);
}

function encode(lines: readonly ProgressLine[]): Buffer {
  return Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}
