import type { Difference } from '../compare/compare-answers.js';
import type { Recipe } from '../load/recipes.js';
import { EventReader } from './event-reader.js';

/** `unaccepted`: the cluster was only ever too busy for it. */
export type FlightEnd = 'finished' | 'lost' | 'unaccepted';

/** One request on its way to its answer, over as many connections as that takes. */
export class Flight {
  readonly startedAt = performance.now();
  /** The events of a stream. */
  readonly reader = new EventReader();
  /** All of an answer that is not streamed. */
  text = '';
  /** Once a gateway has begun to answer with 200. */
  accepted = false;
  requestId: string | undefined;
  /** Who answered when that was last told, which is who answers unless that one was lost since. */
  workerId: string | undefined;
  /** When that was told, on the clock of `performance.now()`. */
  workerKnownAt: number | undefined;
  /** Number of the gateway that is asked now or was last. */
  gateway: number;
  /** Answers that said to come again later. */
  refusals = 0;
  /** Connections after the first one that was accepted. */
  resumes = 0;
  end: FlightEnd | undefined;
  endedAt: number | undefined;
  problem: string | undefined;
  difference: Difference | undefined;

  constructor(
    readonly recipe: Recipe,
    /** Its `Idempotency-Key`. */
    readonly key: string,
    gateway: number,
  ) {
    this.gateway = gateway;
  }

  /** When each event of the stream came. */
  get arrivals(): readonly number[] {
    return this.reader.arrivals;
  }

  /** What was said, an event each. */
  get answer(): readonly string[] {
    if (this.recipe.stream) return this.reader.events;
    return this.text === '' ? [] : [this.text];
  }

  finish(end: FlightEnd, problem?: string): void {
    this.end = end;
    this.endedAt = performance.now();
    this.problem = problem;
  }
}
