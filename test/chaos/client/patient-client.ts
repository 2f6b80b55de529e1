import type { IncomingMessage } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { Random } from '../random.js';
import type { Flight } from './flight.js';
import { readText, send } from './send.js';

export interface PatientClientOptions {
  /** Urls, always the same number. */
  readonly gateways: () => readonly string[];
  readonly random: Random;
  /** Names of models, by what recipes call them. */
  readonly models: Readonly<Record<'scripted' | 'embedding', string>>;
  /** Once it aborts, what is under way is given up as lost. */
  readonly patience?: AbortSignal;
}

/** A request that says nothing for so long is lost; longer than any fault lasts. */
const SILENCE_MS = 60_000;
const REQUEST_MS = 180_000;
/** Before another gateway is asked when one does not answer. */
const PAUSE_MS = 100;
/** For answers that say to come again and not when. */
const COME_AGAIN_MS = 1_000;
const COME_AGAIN = [429, 503];
/** A gateway that stops says that others have the rest. */
const REST_IS_ELSEWHERE = '"code":"shutting_down"';

/** What to do after one connection: nothing, or ask the other gateway after that many milliseconds. */
type Step = 'over' | { readonly againAfter: number };

/**
 * Does what a client is told to do: names its request with an `Idempotency-Key`, goes on with a broken stream through
 * another gateway after the events it has, repeats what is not streamed, and comes again when it is told to.
 */
export class PatientClient {
  constructor(private readonly options: PatientClientOptions) {}

  /** Resolves when the request has its answer or is given up; `flight.end` tells. */
  async fly(flight: Flight): Promise<void> {
    const deadline = flight.startedAt + REQUEST_MS;
    while (performance.now() < deadline) {
      const step = await this.attempt(flight);
      if (step === 'over') return;
      await pause(step.againAfter);
      flight.gateway = (flight.gateway + 1) % this.options.gateways().length;
    }
    const early = flight.accepted ? 'lost' : 'unaccepted';
    flight.finish(early, `was not over after ${REQUEST_MS / 1000} s`);
  }

  private async attempt(flight: Flight): Promise<Step> {
    const { patience } = this.options;
    const silence = new AbortController();
    const giveUp = (): void => silence.abort();
    const timer = setTimeout(giveUp, SILENCE_MS);
    patience?.addEventListener('abort', giveUp);
    try {
      const response = await this.ask(flight, silence.signal);
      return await this.take(flight, response, () => timer.refresh());
    } catch (error) {
      flight.reader.breakOff();
      if (patience?.aborted === true) return lose(flight, 'was still not over long after the last fault');
      if (silence.signal.aborted) return lose(flight, `heard nothing for ${SILENCE_MS / 1000} s`);
      if (!(error instanceof Error)) throw error;
      return goOn(flight);
    } finally {
      clearTimeout(timer);
      patience?.removeEventListener('abort', giveUp);
    }
  }

  private ask(flight: Flight, signal: AbortSignal): Promise<IncomingMessage> {
    const url = this.options.gateways()[flight.gateway] ?? '';
    const { recipe, key, requestId, reader } = flight;
    if (flight.accepted) flight.resumes++;
    if (flight.accepted && recipe.stream) {
      const name = requestId !== undefined && this.options.random() < 0.5 ? requestId : key;
      const headers = { 'last-event-id': String(reader.events.length) };
      return send({ url: `${url}/v1/streams/${name}`, headers, signal });
    }
    const body = { model: this.options.models[recipe.model], ...recipe.body };
    return send({ url: `${url}${recipe.path}`, headers: { 'idempotency-key': key }, body, signal });
  }

  private async take(flight: Flight, response: IncomingMessage, heard: () => void): Promise<Step> {
    const status = response.statusCode ?? 0;
    if (COME_AGAIN.includes(status)) {
      await readText(response);
      flight.refusals++;
      const seconds = Number(response.headers['retry-after']);
      return { againAfter: Number.isFinite(seconds) ? seconds * 1000 : COME_AGAIN_MS };
    }
    if (status !== 200) {
      const where = flight.accepted && flight.recipe.stream ? 'was resumed and got' : 'got';
      return lose(flight, `${where} status ${status}: ${(await readText(response)).slice(0, 300)}`);
    }
    flight.accepted = true;
    const workerId = header(response, 'x-longshore-worker');
    if (workerId !== undefined) {
      flight.workerId = workerId;
      flight.workerKnownAt = performance.now();
    }
    flight.requestId = header(response, 'x-longshore-request') ?? flight.requestId;
    return flight.recipe.stream ? readStream(flight, response, heard) : readWhole(flight, response);
  }
}

async function readStream(flight: Flight, response: IncomingMessage, heard: () => void): Promise<Step> {
  const { reader } = flight;
  for await (const bytes of response) {
    reader.add(bytes as Buffer, performance.now());
    heard();
  }
  reader.breakOff();
  return endOf(flight);
}

function endOf(flight: Flight): Step {
  const { reader } = flight;
  if (!reader.finished || reader.error !== undefined) return goOn(flight);
  flight.finish('finished', reader.problems[0]);
  return 'over';
}

/** What follows a connection that ended too early: another one, unless the answer was said to have failed. */
function goOn(flight: Flight): Step {
  const error = flight.reader.takeError();
  if (error === undefined || error.includes(REST_IS_ELSEWHERE)) return { againAfter: PAUSE_MS };
  return lose(flight, `was told in mid-stream: ${error.slice(0, 300)}`);
}

async function readWhole(flight: Flight, response: IncomingMessage): Promise<Step> {
  flight.text = await readText(response);
  flight.finish('finished');
  return 'over';
}

function lose(flight: Flight, problem: string): Step {
  flight.finish('lost', problem);
  return 'over';
}

function header(response: IncomingMessage, name: string): string | undefined {
  const value = response.headers[name];
  return typeof value === 'string' ? value : undefined;
}
