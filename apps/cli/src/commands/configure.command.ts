import { type Command, Option } from 'commander';
import { GatewayFailure } from '../client/gateway-failure.js';
import type { CommandContext } from '../command-context.js';
import { EXIT } from '../exit-codes.js';
import { decimal, wholeNumber } from '../options.js';
import { findStored } from '../run/find-stored.js';
import type { Act } from './command-module.js';
import { configurationRequest, type ConfigureOptions } from './configuration-request.js';
import { addExamples } from './examples.js';

const LARGEST = 2 ** 31 - 1;
const MODES = ['completion', 'embedding', 'reranking', 'image-generation'];

export function declare(command: Command, act: Act): void {
  command
    .usage('[options] <model> [-- flags...]')
    .argument('<model>', 'name or id of a model')
    .argument('[flags...]', 'after "--": flags for the engine, as far as they are allowed')
    .option(
      '--context-size <tokens>',
      'context of one request; -1 for as many as the model can',
      wholeNumber(-1, LARGEST),
    )
    .addOption(new Option('--mode <mode>', 'what the settings are for').choices(MODES))
    .option('--keep-alive <duration>', 'how long it stays loaded: 5m, 1h, 0 for not at all, -1 for ever')
    .option('--think', 'let a thinking model think')
    .option('--no-think', 'do not let it')
    .option('--speculative-draft-model <model>', 'small model that guesses ahead')
    .option('--speculative-num-tokens <number>', 'tokens it guesses', wholeNumber(0, 1_024))
    .option('--speculative-min-acceptance-rate <rate>', 'least share that must be right', decimal(0, 1))
    .option('--hf_overrides <json>', "vLLM: changes to the model's configuration")
    .option('--gpu-memory-utilization <share>', 'vLLM: share of the memory of the accelerator', decimal(0, 1))
    .option('--json', 'print the settings that are kept then as JSON')
    .helpCommand(false)
    .action(act(configure));
  command
    .command('show')
    .summary('print the settings that are kept, as JSON')
    .description('Prints the settings that are kept, of all models or of one, as JSON.')
    .argument('[model]', 'only of this model')
    .option('--json', 'print JSON, which this command does anyway')
    .action(act(showConfiguration));
  addExamples(command, [
    ['longshore configure smollm2 --context-size 8192', 'for every worker, from its next load on'],
    ['longshore configure smollm2 --keep-alive -1', 'never unloads it'],
    ['longshore configure qwen3 --no-think', 'switches thinking off'],
    ['longshore configure smollm2 -- --temp 0.7', 'flags for the engine'],
    ['longshore configure show smollm2', 'the settings of a model'],
  ]);
}

async function configure(
  context: CommandContext,
  typed: string,
  flags: readonly string[],
  options: ConfigureOptions & { readonly json?: boolean },
): Promise<void> {
  const model = await nameOf(context, typed);
  const json = configurationRequest(model, flags, options);
  await context.client.send({ method: 'POST', path: '/engines/_configure', json });
  if (options.json === true) await showConfiguration(context, model);
}

/** The cluster takes settings of a model that it does not have, and forgets them. @throws GatewayFailure for such a one */
async function nameOf(context: CommandContext, typed: string): Promise<string> {
  try {
    return await findStored(context, typed);
  } catch (error) {
    // A key may configure models and not see them.
    if (error instanceof GatewayFailure && error.exitCode === EXIT.refused) return typed;
    throw error;
  }
}

async function showConfiguration(context: CommandContext, model: string | undefined): Promise<void> {
  context.printJson(await context.client.getJson('/engines/_configure', { model }));
}
