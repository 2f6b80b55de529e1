import { atLeast, type Line } from '../report/line.js';
import { type Bench, compare, foreignCores, middle, type Pair, type Run } from './bench.js';
import { costLines } from './costs.js';
import { longCompletion, syntheticChat } from './requests.js';

const CHAT = '/v1/chat/completions';

/** Events of a stream that are no tokens: the role, the reason it ended, and `[DONE]`. */
const EXTRA_EVENTS = 3;

const REAL_CLIENTS = [1, 4, 16];
const REAL_TOKENS = 32;

/** Answers of one token, as many as go through. */
export async function oneTokenRequests(bench: Bench): Promise<readonly Line[]> {
  const section = 'Requests for one token, synthetic engine, 64 in flight';
  const body = syntheticChat(bench.subject.reference, 1, 0);
  const load = { path: CHAT, body, clients: 64, rampMs: 100, windowMs: 2_000, pauseMs: 0 };
  const pairs = await compare(bench, { row: 'one token', load });
  const rate = ({ report }: Run): number => (1_000 * report.requests) / report.windowMs;
  return [
    rateLine({ section, what: 'requests a second', pairs, rate, limit: 3_000 }),
    ...costLines(bench, section, pairs, {
      each: 'request',
      count: ({ cluster }) => cluster.report.allRequests,
    }),
  ];
}

/** Tokens as fast as they go through. */
export async function tokenFlood(bench: Bench): Promise<readonly Line[]> {
  const section = 'Tokens at full speed, synthetic engine, 32 streams';
  const tokens = 2_000;
  const body = syntheticChat(bench.subject.reference, tokens, 0);
  const load = { path: CHAT, body, clients: 32, rampMs: 200, windowMs: 1_500, pauseMs: 0 };
  const pairs = await compare(bench, { row: 'token flood', load });
  const rate = ({ report }: Run): number => tokensIn(report.events, tokens) / (report.windowMs / 1_000);
  return [
    rateLine({ section, what: 'tokens a second', pairs, rate, limit: 100_000 }),
    ...costLines(bench, section, pairs, {
      each: 'token',
      count: ({ cluster }) => tokensIn(cluster.report.allEvents, tokens),
    }),
  ];
}

/** What the cluster leaves of a real engine's speed. */
export async function realTokenRatio(bench: Bench): Promise<readonly Line[]> {
  const section = 'Tokens of llama-server, 90 million random parameters';
  const lines: Line[] = [];
  for (const clients of REAL_CLIENTS) {
    const body = longCompletion(bench.subject.reference, REAL_TOKENS);
    const load = { path: '/v1/completions', body, clients, rampMs: 200, windowMs: 1_500, pauseMs: 0 };
    const pairs = await compare(bench, { row: `token ratio, ${clients}`, load });
    const rate = ({ report }: Run): number => (1_000 * report.events) / report.windowMs;
    const direct = middle(pairs, (pair) => rate(pair.direct));
    const cluster = middle(pairs, (pair) => rate(pair.cluster));
    const ratio = middle(pairs, (pair) => rate(pair.cluster) / rate(pair.direct));
    const what = `tokens a second, ${clients} ${clients === 1 ? 'stream' : 'streams'}`;
    const foreign = foreignCores(pairs);
    lines.push({
      section,
      what,
      result: ratio,
      unit: '×',
      ratio,
      direct,
      cluster,
      target: atLeast(0.97),
      foreign,
    });
  }
  return lines;
}

function tokensIn(events: number, tokensEach: number): number {
  return (events * tokensEach) / (tokensEach + EXTRA_EVENTS);
}

interface RateRow {
  readonly section: string;
  readonly what: string;
  readonly pairs: readonly Pair[];
  readonly rate: (run: Run) => number;
  readonly limit: number;
}

function rateLine({ section, what, pairs, rate, limit }: RateRow): Line {
  const direct = middle(pairs, (pair) => rate(pair.direct));
  const cluster = middle(pairs, (pair) => rate(pair.cluster));
  const ratio = middle(pairs, (pair) => rate(pair.cluster) / rate(pair.direct));
  const foreign = foreignCores(pairs);
  return {
    section,
    what,
    result: cluster,
    unit: '/s',
    ratio,
    direct,
    cluster,
    target: atLeast(limit),
    foreign,
  };
}
