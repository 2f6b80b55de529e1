import { median, percentile } from '../measure/statistics.js';
import { machineCpu } from '../measure/process-cpu.js';
import { atLeast, atMost, type Line } from '../report/line.js';
import { type AffinityCluster, SLOTS, WORKERS } from './affinity-cluster.js';
import { timedChat } from './timed-chat.js';

/** How much conversations have in common with what was said before. */
interface ConversationLoad {
  readonly name: string;
  readonly reused: boolean;
}

const LOADS: readonly ConversationLoad[] = [
  { name: 'conversations', reused: true },
  { name: 'single questions', reused: false },
];

/** Letters of a first message; the fixture model makes about one token of each. */
const PREFIX_LENGTH = 1_500;
const ANSWER_TOKENS = 8;
/** Half of what the workers could run at once: there is room, which is when a preference counts. */
const CLIENTS = (WORKERS * SLOTS) / 2;
const LEAST_THROUGHPUT = 1.5;
/** What is measured differs by so much from itself. */
const MOST_LATENCY = 1.1;

/** Two clusters that differ in one variable only. */
export interface AffinityComparison {
  readonly on: AffinityCluster;
  /** `LONGSHORE_PREFIX_AFFINITY=false`. */
  readonly off: AffinityCluster;
  readonly rounds: number;
  /** Conversations of one client in a round. */
  readonly conversations: number;
  /** Turns of a conversation; where nothing is reused so many times as many conversations. */
  readonly turns: number;
}

interface Measured {
  readonly perSecond: number;
  readonly p95: number;
}

/** What it is worth that requests that begin alike go to the same worker: the same load with it and without, in turn. */
export async function prefixAffinity(comparison: AffinityComparison): Promise<readonly Line[]> {
  const { on, off, rounds, conversations, turns } = comparison;
  const lines: Line[] = [];
  for (const { name, reused } of LOADS) {
    const results: { readonly on: Measured; readonly off: Measured }[] = [];
    const idleBefore = machineCpu();
    const begin = performance.now();
    for (let round = 0; round < rounds; round++) {
      const seed = `${name} ${round}`;
      const load = reused ? { conversations, turns } : { conversations: conversations * turns, turns: 1 };
      const first = await measure(round % 2 === 0 ? on : off, { seed, ...load });
      const second = await measure(round % 2 === 0 ? off : on, { seed, ...load });
      results.push(round % 2 === 0 ? { on: first, off: second } : { on: second, off: first });
    }
    const used = (machineCpu() - idleBefore) / (performance.now() - begin);
    const section = `Prefix affinity, ${WORKERS} workers of llama-server, ${CLIENTS} clients, ${PREFIX_LENGTH} letters first: ${name}${reused ? ` of ${turns} turns` : ''} (${used.toFixed(1)} cores in use)`;
    lines.push(...linesOf(section, reused, results));
  }
  return lines;
}

function linesOf(
  section: string,
  reused: boolean,
  results: readonly { readonly on: Measured; readonly off: Measured }[],
): Line[] {
  const middle = (read: (result: (typeof results)[number]) => number): number => median(results.map(read));
  const throughput = middle(({ on, off }) => on.perSecond / off.perSecond);
  const latency = middle(({ on, off }) => on.p95 / off.p95);
  return [
    {
      section,
      what: 'requests a second ÷ those without affinity',
      result: throughput,
      unit: '×',
      ...(reused && { target: atLeast(LEAST_THROUGHPUT) }),
    },
    { section, what: 'requests a second', result: middle(({ on }) => on.perSecond), unit: '/s' },
    { section, what: 'the same without affinity', result: middle(({ off }) => off.perSecond), unit: '/s' },
    {
      section,
      what: 'time to first token, p95 ÷ that without affinity',
      result: latency,
      unit: '×',
      target: atMost(MOST_LATENCY),
    },
    { section, what: 'time to first token, p95', result: middle(({ on }) => on.p95), unit: 'ms' },
    { section, what: 'the same without affinity', result: middle(({ off }) => off.p95), unit: 'ms' },
  ];
}

interface Round {
  readonly seed: string;
  readonly conversations: number;
  readonly turns: number;
}

async function measure(cluster: AffinityCluster, { seed, conversations, turns }: Round): Promise<Measured> {
  const times: number[] = [];
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: CLIENTS }, async (_, client) => {
      for (let number = 0; number < conversations; number++) {
        times.push(...(await converse(cluster, `${seed} ${client} ${number}`, turns)));
      }
    }),
  );
  const seconds = (performance.now() - begin) / 1_000;
  return { perSecond: times.length / seconds, p95: percentile(times, 0.95) };
}

/** One conversation, each turn as soon as the last one is answered. @returns times to first tokens; ms */
async function converse(
  { url, reference }: AffinityCluster,
  topic: string,
  turns: number,
): Promise<readonly number[]> {
  const messages = [{ role: 'user', content: longText(topic) }];
  const times: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    const options = { max_tokens: ANSWER_TOKENS, temperature: 0, ignore_eos: true };
    const { text, firstTokenMs } = await timedChat(url, { model: reference, messages, ...options });
    times.push(firstTokenMs);
    messages.push({ role: 'assistant', content: text }, { role: 'user', content: `Go on (${turn}).` });
  }
  return times;
}

/** A text of its own for each topic, different from its first letter on. */
function longText(topic: string): string {
  const [...letters] = topic;
  let state = letters.reduce((sum, letter) => Math.imul(sum ^ letter.charCodeAt(0), 0x01000193), 0x811c9dc5);
  return Array.from({ length: PREFIX_LENGTH }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return String.fromCharCode(97 + ((state >>> 24) % 26));
  }).join('');
}
