import { pathOf } from '../client/gateway-client.js';
import type { Model } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { Interruption } from '../interruption.js';
import { describeModel } from '../output/describe-model.js';
import { ensureModel } from '../run/ensure-model.js';
import type { Conversation } from './conversation.js';
import { helpOn } from './help.js';
import type { HistoryFile } from './history-file.js';
import { readSetting, type Setting } from './read-setting.js';

export interface ReplState {
  readonly conversation: Conversation;
  readonly history: HistoryFile;
}

export interface ReplCommand {
  readonly name: string;
  readonly rest: string;
}

/** @returns whether the conversation goes on. What goes wrong is told; Ctrl-C stops the command alone. */
export async function runReplCommand(
  context: CommandContext,
  state: ReplState,
  command: ReplCommand,
): Promise<boolean> {
  const interruption = new Interruption();
  const release = context.interruption.intercept(() => interruption.interrupt());
  const own = context.within({ interruption });
  try {
    return await obey(own, state, command);
  } catch (error) {
    if (interruption.signal.aborted) context.note('Stopped.');
    else context.note(error instanceof Error ? error.message : String(error));
    return true;
  } finally {
    release();
    await own.close();
  }
}

async function obey(
  context: CommandContext,
  { conversation, history }: ReplState,
  { name, rest }: ReplCommand,
): Promise<boolean> {
  switch (name) {
    case '/bye':
    case '/exit':
      return false;
    case '/?':
    case '/help':
      context.note(helpOn(rest));
      break;
    case '/clear':
      conversation.clear();
      context.note('The conversation is forgotten.');
      break;
    case '/show':
      context.print(
        describeModel(await context.client.getJson<Model>(`/models/${pathOf(conversation.model)}`)),
      );
      break;
    case '/load':
      await load(context, conversation, rest);
      break;
    case '/set':
      await set(context, { conversation, history }, readSetting(rest));
      break;
    default:
      context.note(`"${name}" is not a command; /? lists them.`);
  }
  return true;
}

async function load(context: CommandContext, conversation: Conversation, model: string): Promise<void> {
  if (model === '') return context.note('Name a model, such as /load smollm2.');
  conversation.model = await ensureModel(context, model);
  conversation.preload();
  context.note(`The conversation goes on with ${conversation.model}.`);
}

async function set(
  context: CommandContext,
  { conversation, history }: ReplState,
  setting: Setting,
): Promise<void> {
  switch (setting.kind) {
    case 'unusable':
      return context.note(setting.message);
    case 'system':
      conversation.system = setting.text;
      return context.note(setting.text === '' ? 'Cleared system message.' : 'Set system message.');
    case 'sampling':
      conversation.sampling = { ...conversation.sampling, ...setting.sampling };
      return context.note(`Set ${setting.name}.`);
    case 'history':
      history.enabled = setting.kept;
      return context.note(setting.kept ? 'What is typed is kept.' : 'What is typed is not kept.');
    case 'thinking':
      conversation.showThinking = setting.shown;
      return context.note(setting.shown ? 'Thinking is shown.' : 'Thinking is not shown.');
    case 'context':
      await configureContext(context, conversation.model, setting.tokens);
      return context.note(`Set num_ctx to ${setting.tokens}.`);
  }
}

async function configureContext(context: CommandContext, model: string, tokens: number): Promise<void> {
  const json = { model, 'context-size': tokens };
  const answer = await context.client.send({ method: 'POST', path: '/engines/_configure', json });
  await answer.text();
}
