import { atLeast, atMost, type Line } from '../report/line.js';
import { type Bench, compare, foreignCores, middle, type Pair, type Run } from '../rows/bench.js';
import { longCompletion } from '../rows/requests.js';

const CLIENTS = [1, 4, 16];
const TOKENS = 32;
const WINDOW_MS = 2_000;
/** A request asks for the same text each time, so that what is measured is not how prompts are read. */
const LEAST_SHARE = 0.97;
const MOST_ADDED_MS = 5;

/** Tokens and first tokens of a real engine, straight from it and through the cluster. */
export async function engineStreams(bench: Bench): Promise<readonly Line[]> {
  const section = 'llama-server, 90 million random parameters, 32 tokens an answer';
  const lines: Line[] = [];
  for (const clients of CLIENTS) {
    const body = longCompletion(bench.subject.reference, TOKENS);
    const load = { path: '/v1/completions', body, clients, rampMs: 200, windowMs: WINDOW_MS, pauseMs: 0 };
    const pairs = await compare(bench, { row: `engine streams, ${clients}`, load });
    const what = `${clients} ${clients === 1 ? 'stream' : 'streams'}`;
    lines.push(tokensLine(section, what, pairs), firstTokenLine(section, what, pairs));
  }
  return lines;
}

function tokensLine(section: string, streams: string, pairs: readonly Pair[]): Line {
  const rate = ({ report }: Run): number => (1_000 * report.events) / report.windowMs;
  const ratio = middle(pairs, (pair) => rate(pair.cluster) / rate(pair.direct));
  return {
    section,
    what: `tokens a second, ${streams}`,
    result: ratio,
    unit: '×',
    ratio,
    direct: middle(pairs, (pair) => rate(pair.direct)),
    cluster: middle(pairs, (pair) => rate(pair.cluster)),
    target: atLeast(LEAST_SHARE),
    foreign: foreignCores(pairs),
  };
}

function firstTokenLine(section: string, streams: string, pairs: readonly Pair[]): Line {
  const first = ({ report }: Run): number => report.firstToken.p50;
  return {
    section,
    what: `added time to first token, ${streams}, p50`,
    result: middle(pairs, (pair) => first(pair.cluster) - first(pair.direct)),
    unit: 'ms',
    ratio: middle(pairs, (pair) => first(pair.cluster) / first(pair.direct)),
    direct: middle(pairs, (pair) => first(pair.direct)),
    cluster: middle(pairs, (pair) => first(pair.cluster)),
    target: atMost(MOST_ADDED_MS),
    foreign: foreignCores(pairs),
  };
}
