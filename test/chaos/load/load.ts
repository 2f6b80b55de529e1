import { setTimeout as pause } from 'node:timers/promises';
import type { PublishedModel } from '#testing';
import { Flight } from '../client/flight.js';
import type { PatientClient } from '../client/patient-client.js';
import { compareAnswers } from '../compare/compare-answers.js';
import { normalise } from '../compare/normalise.js';
import { pick, pickWeighted, type Random } from '../random.js';
import { type PullOutcome, pullPatiently } from './pull.js';
import type { Recipe } from './recipes.js';

export interface LoadOptions {
  readonly client: PatientClient;
  readonly gateways: () => readonly string[];
  readonly recipes: readonly Recipe[];
  /** What each recipe is answered with undisturbed, by name. */
  readonly references: ReadonlyMap<string, readonly string[]>;
  /** Pulled one after the other, and then again. */
  readonly models: readonly PublishedModel[];
  readonly random: Random;
  /** Makes clients give up what is under way. */
  readonly giveUp: () => void;
}

/** Few enough that two cores and the slots of two workers are enough for them. */
const CLIENTS = 8;
const THINKING_MS = 400;
const BETWEEN_PULLS_MS = 8_000;

/** Clients that ask one thing after the other, compare each answer, and pull a model now and then. */
export class Load {
  /** All that were ever begun. */
  readonly flights: Flight[] = [];
  readonly pulls: PullOutcome[] = [];
  private readonly over = new AbortController();
  private running: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: LoadOptions) {}

  /** Requests that are under way. */
  get open(): readonly Flight[] {
    return this.flights.filter(({ end }) => end === undefined);
  }

  start(): void {
    const clients = Array.from({ length: CLIENTS }, (_, number) => this.beClient(number));
    this.running = Promise.all([...clients, this.pull()]);
    this.running.catch(() => undefined);
  }

  /** Begins nothing more and waits for what is under way; what is not over then is lost. */
  async stop(withinMs: number): Promise<void> {
    this.over.abort();
    const late = setTimeout(this.options.giveUp, withinMs);
    await this.running;
    clearTimeout(late);
  }

  private async beClient(number: number): Promise<void> {
    const { random, client, recipes, gateways } = this.options;
    for (let count = 1; !this.over.signal.aborted; count++) {
      const key = `chaos-${process.pid}-${number}-${count}`;
      const flight = new Flight(pickWeighted(recipes, random), key, Math.floor(random() * gateways().length));
      this.flights.push(flight);
      await client.fly(flight);
      this.compare(flight);
      await this.rest(random() * THINKING_MS);
    }
  }

  private compare(flight: Flight): void {
    const expected = this.options.references.get(flight.recipe.name) ?? [];
    flight.difference = compareAnswers(expected, normalise(flight.answer));
    // The texts of all answers of a run are much; when they came is kept.
    if (flight.end === 'finished') flight.reader.events.length = 0;
  }

  private async pull(): Promise<void> {
    const { models, gateways, random } = this.options;
    for (let count = 0; !this.over.signal.aborted; count++) {
      const model = models[count] ?? pick(models, random);
      this.pulls.push(await pullPatiently(gateways(), model, this.over.signal));
      await this.rest(BETWEEN_PULLS_MS);
    }
  }

  /** Wakes at once when all is over. */
  private async rest(milliseconds: number): Promise<void> {
    await pause(milliseconds, undefined, { signal: this.over.signal }).catch(() => undefined);
  }
}
