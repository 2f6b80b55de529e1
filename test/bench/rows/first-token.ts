import { atMost, type Line } from '../report/line.js';
import { type Bench, compare, foreignCores, middle, type Pair } from './bench.js';
import { scriptedChat, syntheticChat } from './requests.js';

const PATH = '/v1/chat/completions';
const WINDOW_MS = 1_500;

/** Few enough tokens at each step that neither side is busy: this is about waiting, not about load. */
const SYNTHETIC_STEPS = [
  { clients: 1, tokens: 8, rate: 200 },
  { clients: 4, tokens: 8, rate: 100 },
  { clients: 16, tokens: 16, rate: 40 },
  { clients: 64, tokens: 32, rate: 40 },
];

const REAL_CLIENTS = [1, 4, 16];

export async function syntheticFirstToken(bench: Bench): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const { clients, tokens, rate } of SYNTHETIC_STEPS) {
    const durationMs = (1_000 * tokens) / rate;
    const load = {
      path: PATH,
      body: syntheticChat(bench.subject.reference, tokens, rate),
      clients,
      rampMs: Math.min(400, durationMs),
      windowMs: WINDOW_MS,
      pauseMs: durationMs / 2,
    };
    const pairs = await compare(bench, { row: `first token, synthetic, ${clients}`, load });
    lines.push(...firstTokenLines('Added time to first token, synthetic engine', clients, pairs));
  }
  return lines;
}

export async function realFirstToken(bench: Bench): Promise<readonly Line[]> {
  const lines: Line[] = [];
  for (const clients of REAL_CLIENTS) {
    const body = scriptedChat(bench.subject.reference);
    const load = { path: PATH, body, clients, rampMs: 100, windowMs: WINDOW_MS, pauseMs: 20 * clients };
    const pairs = await compare(bench, { row: `first token, llama-server, ${clients}`, load });
    lines.push(...firstTokenLines('Added time to first token, llama-server', clients, pairs));
  }
  return lines;
}

function firstTokenLines(section: string, clients: number, pairs: readonly Pair[]): Line[] {
  const steps = [
    { share: 'p50', limit: 2 },
    { share: 'p99', limit: 5 },
  ] as const;
  return steps.map(({ share, limit }) => {
    const direct = middle(pairs, (pair) => pair.direct.report.firstToken[share]);
    const cluster = middle(pairs, (pair) => pair.cluster.report.firstToken[share]);
    const added = middle(
      pairs,
      (pair) => pair.cluster.report.firstToken[share] - pair.direct.report.firstToken[share],
    );
    return {
      section,
      what: `${clients} ${clients === 1 ? 'stream' : 'streams'}, ${share}`,
      result: added,
      unit: 'ms',
      ratio: cluster / direct,
      direct,
      cluster,
      target: atMost(limit),
      foreign: foreignCores(pairs),
    };
  });
}
