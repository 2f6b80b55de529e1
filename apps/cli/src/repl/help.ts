import { SET_HELP } from './read-setting.js';

/** Commands at the prompt, for help and for completion with Tab. */
const REPL_COMMANDS = ['/bye', '/clear', '/exit', '/help', '/load', '/set', '/show', '/?'] as const;

const REPL_HELP = `/set …           set something; /? set tells what
/show            describe the model
/load MODEL      go on with another model
/clear           forget the conversation
/bye, /exit      end; Ctrl-D does too
/?, /help        this text

"""              begins and ends a message of several lines
@FILE            puts the text of a file in its place, or carries an image; the path of an image does so without @
Ctrl-C           stops an answer`;

/** @param topic behind `/?` */
export function helpOn(topic: string): string {
  return topic.replace(/^\//, '').toLowerCase() === 'set' ? SET_HELP : REPL_HELP;
}

/** For readline: what the beginning of a line may become. */
export function completeCommand(line: string): [string[], string] {
  if (!line.startsWith('/') || line.includes(' ')) return [[], line];
  return [REPL_COMMANDS.filter((command) => command.startsWith(line)), line];
}
