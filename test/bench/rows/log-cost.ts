import { median } from '../measure/statistics.js';
import { atMost, type Line } from '../report/line.js';
import type { Bench } from './bench.js';
import { syntheticChat } from './requests.js';

const CLIENTS = 64;
const RAMP_MS = 300;
const WINDOW_MS = 3_000;
/** Tokens a second of each stream: reading speed, and an engine in a hurry. */
const RATES = [20, 100];
const MOST_PER_CENT = 10;

/** Two clusters that differ in one variable only. */
export interface LogComparison {
  /** Answers are logged. */
  readonly on: Bench;
  /** `LONGSHORE_LOG=false`. */
  readonly off: Bench;
}

/** CPU of one token; µs. */
interface TokenCost {
  readonly processes: number;
  readonly redis: number;
  readonly foreign: number;
}

/** What it costs that answers survive: the same streams with the log and without, in turn. */
export async function logCost({ on, off }: LogComparison): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const rate of RATES) {
    const rounds: { readonly on: TokenCost; readonly off: TokenCost }[] = [];
    for (let round = 0; round < 2 * on.scale.rounds; round++) {
      const first = await tokenCost(round % 2 === 0 ? on : off, rate);
      const second = await tokenCost(round % 2 === 0 ? off : on, rate);
      rounds.push(round % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
    }
    const section = `The log of answers, ${CLIENTS} streams of ${rate} tokens a second, synthetic engine`;
    const foreign = median(rounds.flatMap((round) => [round.on.foreign, round.off.foreign]));
    const added = median(rounds.map((round) => 100 * (round.on.processes / round.off.processes - 1)));
    const what = 'added CPU of gateway and worker, each token';
    lines.push({ section, what, result: added, unit: '%', target: atMost(MOST_PER_CENT), foreign });
    const middle = (cost: (round: (typeof rounds)[number]) => number): number => median(rounds.map(cost));
    lines.push(
      {
        section,
        what: 'CPU of gateway and worker, each token',
        result: middle((r) => r.on.processes),
        unit: 'µs',
      },
      { section, what: 'the same without the log', result: middle((r) => r.off.processes), unit: 'µs' },
      { section, what: 'CPU of Redis, each token', result: middle((r) => r.on.redis), unit: 'µs' },
      { section, what: 'the same without the log', result: middle((r) => r.off.redis), unit: 'µs' },
    );
  }
  return lines;
}

async function tokenCost({ subject, generator, meter, scale }: Bench, rate: number): Promise<TokenCost> {
  const windowMs = WINDOW_MS * scale.time;
  const tokens = Math.ceil((rate * (2 * RAMP_MS + windowMs)) / 1_000);
  const load = {
    address: subject.cluster,
    path: '/v1/chat/completions',
    body: syntheticChat(subject.reference, tokens, rate),
    clients: CLIENTS,
    rampMs: RAMP_MS,
    windowMs,
    pauseMs: 0,
    once: true,
  };
  const { result, cost } = await meter.during(() => generator.run(load));
  const each = (ms: number): number => (1_000 * ms) / result.allEvents;
  return {
    processes: each(cost.cpu.gateway + cost.cpu.worker),
    redis: each(cost.cpu.redis),
    foreign: cost.cpu.foreign / cost.elapsedMs,
  };
}
