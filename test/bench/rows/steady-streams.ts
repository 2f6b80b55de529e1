import { atMost, type Line } from '../report/line.js';
import { type Bench, compare, foreignCores, middle, type Pair } from './bench.js';
import { costLines } from './costs.js';
import { syntheticChat } from './requests.js';

/** Tokens a second of each stream: a little more than people read. */
const RATE = 20;
const WINDOW_MS = 2_000;
const ROUNDS = 2;
const STEPS = [
  { clients: 64, rampMs: 300 },
  { clients: 256, rampMs: 400 },
  { clients: 1_000, rampMs: 1_000 },
];
/** Of the largest step. */
const LATENCY_TARGET_MS = 6;

/** Many streams at the speed of reading: do their tokens come when they were made? */
export async function steadyStreams(bench: Bench): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const { clients, rampMs } of STEPS) {
    const seconds = (2 * rampMs + WINDOW_MS * bench.scale.time) / 1_000;
    const tokens = Math.ceil(RATE * seconds);
    const load = {
      path: '/v1/chat/completions',
      body: syntheticChat(bench.subject.reference, tokens, RATE, true),
      clients,
      rampMs,
      windowMs: WINDOW_MS,
      pauseMs: 0,
      once: true,
    };
    const row = `steady streams, ${clients}`;
    const pairs = await compare(bench, { row, load, onTimeMs: 1_000 / RATE, rounds: ROUNDS });
    const section = `${clients} streams of ${RATE} tokens a second, synthetic engine`;
    lines.push(...streamLines(section, pairs));
    const count = ({ cluster }: Pair): number => cluster.report.allEvents;
    if (clients === STEPS.at(-1)?.clients)
      lines.push(...costLines(bench, section, pairs, { each: 'token', count }));
  }
  return lines;
}

function streamLines(section: string, pairs: readonly Pair[]): Line[] {
  const foreign = foreignCores(pairs);
  const onTime = {
    section,
    what: 'tokens within 50 ms of being made',
    result: 100 * middle(pairs, (pair) => pair.cluster.report.onTime),
    unit: '%',
    direct: 100 * middle(pairs, (pair) => pair.direct.report.onTime),
    cluster: 100 * middle(pairs, (pair) => pair.cluster.report.onTime),
    foreign,
  };
  const latencies = (['p50', 'p99'] as const).map((share) => {
    const direct = middle(pairs, (pair) => pair.direct.report.tokenLatency[share]);
    const cluster = middle(pairs, (pair) => pair.cluster.report.tokenLatency[share]);
    const added = middle(
      pairs,
      (pair) => pair.cluster.report.tokenLatency[share] - pair.direct.report.tokenLatency[share],
    );
    const target = share === 'p99' ? { target: atMost(LATENCY_TARGET_MS) } : {};
    const what = `added token latency, ${share}`;
    return {
      section,
      what,
      result: added,
      unit: 'ms',
      ratio: cluster / direct,
      direct,
      cluster,
      ...target,
      foreign,
    };
  });
  return [onTime, ...latencies];
}
