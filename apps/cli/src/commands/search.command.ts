import { readRelease } from '#config';
import { type Command, Option } from 'commander';
import { openDispatcher } from '../client/open-dispatcher.js';
import type { CommandContext } from '../command-context.js';
import { CommandFailure } from '../command-failure.js';
import { wholeNumber } from '../options.js';
import { formatTable } from '../output/table.js';
import { humanCount, humanSize } from '../output/units.js';
import { searchDockerHub } from '../search/docker-hub.js';
import type { FoundModel, HubSearch } from '../search/found-model.js';
import { hubFailure } from '../search/hub-failure.js';
import { searchHuggingFace } from '../search/hugging-face.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface SearchOptions {
  readonly limit: number;
  readonly source: 'all' | 'dockerhub' | 'huggingface';
  readonly json?: boolean;
}

/** A hub that says nothing for this long is given up; ms. */
const PATIENCE_MS = 20_000;

export function declare(command: Command, act: Act): void {
  command
    .argument('[term]', 'what is looked for in names and descriptions; else the most used models')
    .option('-n, --limit <number>', 'most models to show', wholeNumber(1, 1_000), 32)
    .addOption(
      new Option('--source <hub>', 'where to look')
        .choices(['all', 'dockerhub', 'huggingface'])
        .default('all'),
    )
    .option('--json', 'print JSON')
    .action(act(search));
  addExamples(command, [
    ['longshore search llama', 'on both hubs'],
    ['longshore search --source huggingface -n 5 qwen3', 'five models of Hugging Face'],
  ]);
}

async function search(
  context: CommandContext,
  term: string | undefined,
  options: SearchOptions,
): Promise<void> {
  const { limit, source, json = false } = options;
  const { dockerHubUrl, huggingFaceEndpoint, proxies } = context.config;
  const dispatcher = openDispatcher({ proxies });
  const fetchJson = async (url: string): Promise<unknown> => {
    const signal = AbortSignal.any([context.signal, AbortSignal.timeout(PATIENCE_MS)]);
    const headers = { accept: 'application/json', 'user-agent': `longshore/${readRelease()}` };
    const { origin, pathname, search: query } = new URL(url);
    const answer = await dispatcher.request({
      origin,
      path: pathname + query,
      method: 'GET',
      headers,
      signal,
    });
    if (answer.statusCode === 200) return answer.body.json();
    await answer.body.dump();
    const reason =
      answer.statusCode === 429 ? 'too many searches; try again later' : `it answered ${answer.statusCode}`;
    throw new CommandFailure(reason);
  };
  const ask = { term: term ?? '', limit, fetchJson };
  try {
    const found = await searchHubs(context, [
      ...(source === 'huggingface'
        ? []
        : [hub('Docker Hub', searchDockerHub, { ...ask, baseUrl: bare(dockerHubUrl) })]),
      ...(source === 'dockerhub'
        ? []
        : [hub('Hugging Face', searchHuggingFace, { ...ask, baseUrl: bare(huggingFaceEndpoint) })]),
    ]);
    print(context, found.slice(0, limit), { term, json });
  } finally {
    await dispatcher.destroy();
  }
}

type Hub = () => Promise<FoundModel[]>;

function hub(name: string, look: (search: HubSearch) => Promise<FoundModel[]>, ask: HubSearch): Hub {
  return () =>
    look(ask).catch((error: unknown) => {
      throw hubFailure(name, error);
    });
}

/** What all hubs found, most used first. A hub that fails is told of, unless none is left. */
async function searchHubs(context: CommandContext, hubs: readonly Hub[]): Promise<FoundModel[]> {
  const outcomes = await Promise.allSettled(hubs.map((look) => look()));
  context.signal.throwIfAborted();
  const failures = outcomes.flatMap((outcome) =>
    outcome.status === 'rejected' ? [outcome.reason as Error] : [],
  );
  const [first] = failures;
  if (first !== undefined && failures.length === hubs.length)
    throw new CommandFailure(failures.map(({ message }) => `${message}.`).join(' '));
  for (const { message } of failures) context.note(`${message}.`);
  return outcomes
    .flatMap((outcome) => (outcome.status === 'fulfilled' ? outcome.value : []))
    .toSorted((a, b) => b.Downloads - a.Downloads);
}

const HEADER = ['NAME', 'DESCRIPTION', 'BACKEND', 'SIZE', 'DOWNLOADS', 'STARS', 'SOURCE'];
const LONGEST_DESCRIPTION = 50;

function print(
  context: CommandContext,
  found: readonly FoundModel[],
  { term, json }: { term: string | undefined; json: boolean },
): void {
  if (json) return context.printJson(found);
  if (found.length === 0)
    return context.note(term === undefined ? 'No models found.' : `No models found matching "${term}".`);
  const rows = found.map((model) => [
    model.Source === 'HuggingFace' ? `hf.co/${model.Name}` : model.Name,
    cut(model.Description),
    model.Backend,
    model.Size > 0 ? humanSize(model.Size) : '',
    humanCount(model.Downloads),
    humanCount(model.Stars),
    model.Source,
  ]);
  context.print(formatTable(HEADER, rows));
}

function cut(text: string): string {
  return text.length > LONGEST_DESCRIPTION ? `${text.slice(0, LONGEST_DESCRIPTION - 1)}…` : text;
}

function bare(url: string): string {
  return url.replace(/\/+$/, '');
}
