import type { Command } from 'commander';
import type { Model, OpenAiModelList } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { wrongUsage } from '../command-failure.js';
import { shortModelId } from '../output/model-name.js';
import { MODEL_HEADER, modelRows } from '../output/model-rows.js';
import { formatTable } from '../output/table.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface ListOptions {
  readonly quiet?: boolean;
  readonly json?: boolean;
  readonly openai?: boolean;
}

export function declare(command: Command, act: Act): void {
  command
    .argument('[model]', 'only this model, all its tags unless one is named')
    .option('-q, --quiet', 'print ids only')
    .option('--json', 'print the models as JSON')
    .option('--openai', 'print the models as GET /v1/models lists them')
    .action(act(list));
  addExamples(command, [
    ['longshore list', 'all models of the cluster'],
    ['longshore list -q', 'their ids, for scripts'],
    ['longshore list smollm2 --json', 'one model with all that is known of it'],
  ]);
}

async function list(context: CommandContext, typed: string | undefined, options: ListOptions): Promise<void> {
  const { quiet = false, json = false, openai = false } = options;
  if (quiet && (openai || json)) throw wrongUsage('--quiet prints ids only; leave out --json and --openai.');
  const { defaultRegistry } = context.config;
  const wanted = typed === undefined ? () => true : await filterFor(typed, defaultRegistry);
  if (openai) {
    const models = await context.client.getJson<OpenAiModelList>('/engines/v1/models');
    return context.printJson({ ...models, data: models.data.filter(({ id }) => wanted(id)) });
  }
  const all = await context.client.getJson<Model[]>('/models');
  const models = typed === undefined ? all : all.flatMap((model) => narrowed(model, wanted));
  if (json) return context.printJson(models);
  if (!quiet) return context.print(formatTable(MODEL_HEADER, modelRows(models, Date.now(), defaultRegistry)));
  for (const { id } of models) context.print(shortModelId(id));
}

/** Reading names takes as long to load as all the rest. */
async function filterFor(typed: string, defaultRegistry: string): Promise<(tag: string) => boolean> {
  const { modelFilter } = await import('../output/model-filter.js');
  return modelFilter(typed, defaultRegistry);
}

/** The model with the tags that are wanted; nothing when there are none. */
function narrowed(model: Model, wanted: (tag: string) => boolean): Model[] {
  const tags = (model.tags ?? []).filter(wanted);
  return tags.length === 0 ? [] : [{ ...model, tags }];
}
