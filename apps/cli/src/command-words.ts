export interface CommandWords {
  /** Absent when no command is named. */
  readonly name: string | undefined;
  /** What is meant for the command. */
  readonly rest: readonly string[];
}

const GLOBAL_VALUES = ['--host', '--api-key'] as const;

/** Finds the command: the first word that is neither an option of all commands nor its value. */
export function splitCommand(args: readonly string[]): CommandWords {
  let index = 0;
  while (index < args.length) {
    const word = args[index] ?? '';
    if (GLOBAL_VALUES.some((option) => option === word)) index += 2;
    else if (GLOBAL_VALUES.some((option) => word.startsWith(`${option}=`))) index += 1;
    else return { name: word, rest: [...args.slice(index + 1), ...args.slice(0, index)] };
  }
  return { name: undefined, rest: [] };
}
