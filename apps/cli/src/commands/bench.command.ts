import { type Command, Option } from 'commander';
import { measure, type BenchResult } from '../bench/measure.js';
import type { CommandContext } from '../command-context.js';
import { CommandFailure } from '../command-failure.js';
import { duration, numberList } from '../options.js';
import { formatTable } from '../output/table.js';
import { findStored } from '../run/find-stored.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface BenchOptions {
  readonly prompt: string;
  /** ms. */
  readonly duration: number;
  readonly concurrency: readonly number[];
  /** ms. */
  readonly timeout: number;
  readonly json?: boolean;
}

interface ChatAnswer {
  readonly usage?: { readonly completion_tokens?: number };
}

const PROMPT = 'Describe in about a hundred words what whales do for the sea, and what people owe them.';

export function declare(command: Command, act: Act): void {
  command
    .argument('<model>', 'name or id of a stored model')
    .option('--prompt <text>', 'what is asked', PROMPT)
    .addOption(
      new Option('--duration <time>', 'time for each concurrency').argParser(duration).default(30_000, '30s'),
    )
    .addOption(
      new Option('--concurrency <numbers>', 'requests at once, one measurement for each')
        .argParser(numberList)
        .default([1, 2, 4, 8], '1,2,4,8'),
    )
    .addOption(
      new Option('--timeout <time>', 'time one answer may take').argParser(duration).default(300_000, '5m'),
    )
    .option('--json', 'print the results as JSON')
    .action(act(bench));
  addExamples(command, [
    ['longshore bench smollm2', '1, 2, 4 and 8 requests at once, 30 s each'],
    ['longshore bench smollm2 --concurrency 16 --duration 2m --json', 'for scripts'],
  ]);
}

async function bench(context: CommandContext, typed: string, options: BenchOptions): Promise<void> {
  const { prompt, json = false } = options;
  const model = await findStored(context, typed);
  const results: BenchResult[] = [];
  try {
    for (const concurrency of options.concurrency) {
      context.note(`Asking ${concurrency} at once for ${options.duration / 1000} s.`);
      results.push(await benchOnce(context, { model, concurrency, options }));
    }
  } finally {
    // What was measured is worth knowing, also to somebody who does not wait for the rest.
    if (json) context.printJson({ model, prompt, results });
    else if (results.length > 0) context.print(describe(results));
  }
  const silent = results.find(({ Requests }) => Requests === 0);
  if (silent) throw new CommandFailure(`With ${silent.Concurrency} at once no request was answered.`);
}

interface Round {
  readonly model: string;
  readonly concurrency: number;
  readonly options: BenchOptions;
}

async function benchOnce(context: CommandContext, round: Round): Promise<BenchResult> {
  const { model, concurrency, options } = round;
  const messages = [{ role: 'user', content: options.prompt }];
  const seen = new Set<string>();
  return measure({
    concurrency,
    durationMs: options.duration,
    signal: context.signal,
    ask: async () => {
      const answer = await context.client.send({
        method: 'POST',
        path: '/engines/v1/chat/completions',
        json: { model, messages, stream: false },
        signal: AbortSignal.timeout(options.timeout),
      });
      return (await answer.json<ChatAnswer>()).usage?.completion_tokens ?? 0;
    },
    onFailure: (error) => {
      const message = error instanceof Error ? error.message : String(error);
      if (!seen.has(message)) context.note(`A request failed: ${message}`);
      seen.add(message);
    },
  });
}

const HEADER = [
  'CONCURRENCY',
  'TOKENS/S',
  'RELATIVE',
  'REQUESTS/S',
  'REQUESTS',
  'TOKENS',
  'FAILED',
  'P50',
  'P95',
];

function describe(results: readonly BenchResult[]): string {
  const sorted = results.toSorted((a, b) => a.Concurrency - b.Concurrency);
  const base = sorted[0]?.TPS ?? 0;
  const rows = sorted.map((result) => [
    String(result.Concurrency),
    result.TPS.toFixed(2),
    base > 0 ? `${(result.TPS / base).toFixed(2)}x` : '',
    result.MeanRPS.toFixed(2),
    String(result.Requests),
    String(result.TotalTokens),
    String(result.Failures),
    `${Math.round(result.LatencyP50)} ms`,
    `${Math.round(result.LatencyP95)} ms`,
  ]);
  return formatTable(HEADER, rows);
}
