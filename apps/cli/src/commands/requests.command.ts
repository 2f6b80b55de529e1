import type { Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { CommandFailure, wrongUsage } from '../command-failure.js';
import { EXIT } from '../exit-codes.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface RequestsOptions {
  readonly follow?: boolean;
  readonly includeExisting?: boolean;
  readonly model?: string;
}

const SHOWN = new Set(['new_request', 'existing_request']);

export function declare(command: Command, act: Act): void {
  command
    .option('-f, --follow', 'print each call as it comes, one JSON value a line')
    .option('--include-existing', 'with --follow: the recorded calls first')
    .option('--model <model>', 'only calls of this model')
    .option('--json', 'print JSON, which this command does anyway')
    .action(act(showRequests));
  addExamples(command, [
    ['longshore requests --model smollm2', 'the recorded calls and answers of a model'],
    ['longshore requests -f', 'all calls as they come'],
  ]);
}

async function showRequests(context: CommandContext, options: RequestsOptions): Promise<void> {
  const { follow = false, includeExisting = false, model } = options;
  if (includeExisting && !follow) throw wrongUsage('--include-existing can only be used with --follow.');
  if (follow) return followRequests(context, { model, include_existing: includeExisting });
  context.printJson(await context.client.getJson('/engines/requests', { model }));
}

async function followRequests(
  context: CommandContext,
  query: Readonly<Record<string, string | boolean | undefined>>,
): Promise<void> {
  const headers = { accept: 'text/event-stream' };
  const answer = await context.client.send({ path: '/engines/requests', query, headers });
  context.note('Connected to the request stream. Ctrl-C ends it.');
  for await (const part of answer.events()) {
    if (part.kind === 'event' && SHOWN.has(part.event)) context.print(part.data);
  }
  throw new CommandFailure('The cluster closed the request stream.', EXIT.unreachable);
}
