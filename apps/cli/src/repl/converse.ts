import { join } from 'node:path';
import type { CommandContext } from '../command-context.js';
import { coloursFor, wantsColours } from '../output/colours.js';
import { buildPrompt } from '../run/build-prompt.js';
import { promptFileReader } from '../run/read-prompt-file.js';
import { Conversation, type ConversationOptions } from './conversation.js';
import { completeCommand } from './help.js';
import { HistoryFile } from './history-file.js';
import { InputReader } from './input-reader.js';
import { runReplCommand } from './repl-command.js';
import { TerminalLines } from './terminal-lines.js';

const PROMPT = '> ';
const PROMPT_WITHIN = '. ';

/** Talks with whoever sits at the terminal until they have enough. */
export async function converse(context: CommandContext, options: ConversationOptions): Promise<void> {
  const { stdin, stdout, signal } = context;
  const history = new HistoryFile(historyPath(context), context.config.noHistory === '');
  const conversation = new Conversation(context, options);
  const terminal = new TerminalLines({
    input: stdin,
    output: stdout,
    history: history.read(),
    signal,
    complete: completeCommand,
  });
  const colours = coloursFor(wantsColours(stdout, context.config));
  context.note(colours.dim('Ask something; /? lists the commands, Ctrl-D ends.'));
  conversation.preload();
  try {
    await readAndAnswer(context, { conversation, terminal, history });
  } finally {
    terminal.close();
    conversation.close();
  }
}

interface Talk {
  readonly conversation: Conversation;
  readonly terminal: TerminalLines;
  readonly history: HistoryFile;
}

async function readAndAnswer(context: CommandContext, talk: Talk): Promise<void> {
  const { conversation, terminal, history } = talk;
  const reader = new InputReader();
  for (;;) {
    const event = await terminal.next(reader.within ? PROMPT_WITHIN : PROMPT);
    if (context.signal.aborted) return;
    if (event.kind === 'end') return context.note();
    if (event.kind === 'interrupt') {
      const idle = !event.typed && !reader.within;
      context.note(idle ? '\nUse Ctrl-D or /bye to end.' : '');
      reader.reset();
      continue;
    }
    history.add(event.text);
    const input = reader.take(event.text, event);
    if (input.kind === 'command') {
      const goesOn = await runReplCommand(context, { conversation, history }, input);
      if (!goesOn) return;
    }
    if (input.kind === 'message') await answer(context, conversation, input.text);
  }
}

/** What goes wrong is told, and the conversation goes on. */
async function answer(context: CommandContext, conversation: Conversation, typed: string): Promise<void> {
  const stop = new AbortController();
  const release = context.interruption.intercept(() => stop.abort());
  try {
    const read = promptFileReader(context.config.home);
    const { content, notes } = await buildPrompt({ typed, piped: '', images: [] }, read);
    for (const note of notes) context.note(note);
    await conversation.ask(content, AbortSignal.any([stop.signal, context.signal]));
  } catch (error) {
    if (context.signal.aborted) throw error;
    if (stop.signal.aborted) context.note('Stopped.');
    else context.note(error instanceof Error ? error.message : String(error));
  } finally {
    release();
  }
}

function historyPath({ config }: CommandContext): string | undefined {
  if (config.data !== '') return join(config.data, 'history');
  return config.home === '' ? undefined : join(config.home, '.longshore', 'history');
}
