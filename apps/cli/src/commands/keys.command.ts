import { type Command, InvalidArgumentError } from 'commander';
import { SCOPES } from '#contracts';
import type { ApiKeyEntry, ApiKeyList, CreatedApiKey } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { collect, duration, wholeNumber } from '../options.js';
import { KEY_HEADER, keyRows } from '../output/key-rows.js';
import { formatTable } from '../output/table.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface CreateOptions {
  readonly scope?: readonly string[];
  readonly model?: readonly string[];
  readonly requestsPerMinute?: number;
  readonly tokensPerMinute?: number;
  /** ms. */
  readonly expiresIn?: number;
  readonly json?: boolean;
}

interface JsonOption {
  readonly json?: boolean;
}

export function declare(command: Command, act: Act): void {
  command.usage('<create|list|revoke> [options]');
  declareCreate(command.command('create'), act);
  command
    .command('list')
    .alias('ls')
    .description('List the API keys of the cluster.')
    .option('--json', 'print JSON')
    .action(act(list));
  command
    .command('revoke')
    .alias('rm')
    .description('Let API keys open nothing any more.')
    .argument('<id...>', 'ids, as the list shows them')
    .option('--json', 'print the result as JSON')
    .action(act(revoke));
  addExamples(command, [
    ['longshore keys create "chat page" --model ai/smollm2', 'a key that may ask one model'],
    ['longshore keys create ci --scope models --expires-in 30d', 'a key that may pull and push for a month'],
    ['longshore keys list', 'all keys, without the keys themselves'],
    ['longshore keys revoke key_1a2b3c', 'lets a key open nothing any more'],
  ]);
  command.addHelpText(
    'after',
    '\nOnly an administrator may do this: LONGSHORE_API_KEY, or --api-key, must be LONGSHORE_ADMIN_KEY of the gateway, or a key with the scope admin.',
  );
}

function declareCreate(command: Command, act: Act): void {
  command
    .description('Make an API key. It is printed once and cannot be shown again.')
    .argument('<name>', 'what the key is for')
    .option('--scope <scope>', `${SCOPES.join(', ')}; may be given several times (default: inference)`, scope)
    .option('--model <pattern>', 'a model it may use, such as ai/*; may be given several times', collect)
    .option('--requests-per-minute <count>', 'requests it may make in a minute', wholeNumber(1))
    .option('--tokens-per-minute <count>', 'tokens it may use in a minute', wholeNumber(1))
    .option('--expires-in <time>', 'how long it is good, such as 12h or 30d', lifetime)
    .option('--json', 'print the key and all that belongs to it as JSON')
    .action(act(create));
}

async function create(context: CommandContext, name: string, options: CreateOptions): Promise<void> {
  const { scope: scopes, model: models, requestsPerMinute, tokensPerMinute, expiresIn } = options;
  const answer = await context.client.send({
    method: 'POST',
    path: '/keys',
    json: {
      name,
      scopes,
      models,
      requests_per_minute: requestsPerMinute,
      tokens_per_minute: tokensPerMinute,
      expires_in: expiresIn === undefined ? undefined : expiresIn / 1_000,
    },
  });
  const made = await answer.json<CreatedApiKey>();
  if (options.json === true) return context.printJson(made);
  context.print(made.key);
  context.note(`This is the key ${made.id}. Keep it: it cannot be shown again.`);
}

async function list(context: CommandContext, { json = false }: JsonOption): Promise<void> {
  const { data } = await context.client.getJson<ApiKeyList>('/keys');
  if (json) return context.printJson(data satisfies readonly ApiKeyEntry[]);
  context.print(formatTable(KEY_HEADER, keyRows(data, Date.now())));
}

async function revoke(
  context: CommandContext,
  ids: readonly string[],
  { json = false }: JsonOption,
): Promise<void> {
  for (const id of ids) {
    const path = `/keys/${encodeURIComponent(id)}`;
    await (await context.client.send({ method: 'DELETE', path })).text();
    if (!json) context.print(`Revoked: ${id}`);
  }
  if (json) context.printJson({ revoked: ids });
}

function scope(text: string, earlier: readonly string[] = []): string[] {
  const known = SCOPES.map(String);
  if (known.includes(text)) return [...earlier, text];
  throw new InvalidArgumentError(`It must be one of ${known.join(', ')}.`);
}

/** A duration that may be in days. @returns ms */
function lifetime(text: string): number {
  const [, days] = /^(\d{1,5})d$/.exec(text) ?? [];
  return days === undefined || Number(days) === 0 ? duration(text) : Number(days) * 86_400_000;
}
