import type { Argument, Command, Option } from 'commander';

/** What may stand where somebody is writing. Nothing at all: the shell offers files. */
export interface Candidates {
  readonly words: readonly string[];
  /** Whether a model may stand there. */
  readonly models: boolean;
}

const MODELS = /^(?:models?|source)$/;

/**
 * @param program with the command that is being written declared whole
 * @param words of the line behind the program, the last of which is being written
 */
export function candidatesFor(program: Command, words: readonly string[]): Candidates {
  const current = words.at(-1) ?? '';
  const { command, operands, pending } = readWords(program, words.slice(0, -1));
  if (pending !== undefined) {
    const model = /^(?:model|speculativeDraftModel|from)$/.test(pending.attributeName());
    return { words: pending.argChoices ?? [], models: model };
  }
  if (current.startsWith('-')) return { words: flagsOf(program, command), models: false };
  const subcommands = operands.length === 0 ? visible(command) : [];
  if (command === program) {
    const helped = operands.length === 1 && operands[0] === 'help';
    return { words: helped ? visible(program) : subcommands, models: false };
  }
  const argument = argumentAt(command, operands.length);
  return {
    words: [...subcommands, ...(argument?.argChoices ?? [])],
    models: argument !== undefined && MODELS.test(argument.name()),
  };
}

interface ReadWords {
  /** The innermost that has been named. */
  readonly command: Command;
  readonly operands: readonly string[];
  /** An option whose value comes next. */
  readonly pending: Option | undefined;
}

function readWords(program: Command, words: readonly string[]): ReadWords {
  let command = program;
  let operands: string[] = [];
  let pending: Option | undefined;
  for (const word of words) {
    if (pending !== undefined) {
      pending = undefined;
    } else if (word.startsWith('-')) {
      const option = [...command.options, ...program.options].find(
        ({ long, short }) => word === long || word === short,
      );
      pending = option?.required === true ? option : undefined;
    } else {
      const inner = operands.length === 0 ? named(command, word) : undefined;
      if (inner === undefined) operands = [...operands, word];
      else command = inner;
    }
  }
  return { command, operands, pending };
}

function named(command: Command, name: string): Command | undefined {
  return command.commands.find((each) => each.name() === name || each.aliases().includes(name));
}

function visible(command: Command): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((each) => each.name())
    .filter((name) => name !== 'help' || command.parent === null);
}

function flagsOf(program: Command, command: Command): string[] {
  const flags = [...command.options, ...program.options]
    .filter(({ hidden }) => !hidden)
    .flatMap(({ long }) => long ?? []);
  return [...new Set([...flags, '--help'])];
}

function argumentAt(command: Command, index: number): Argument | undefined {
  const known = command.registeredArguments;
  const last = known.at(-1);
  return known[index] ?? (last?.variadic === true ? last : undefined);
}
