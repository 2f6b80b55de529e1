import type { Command } from 'commander';

/** Puts examples under the help text of a command: what is typed, and what it does. */
export function addExamples(command: Command, examples: readonly (readonly [string, string])[]): void {
  const width = Math.max(...examples.map(([typed]) => typed.length));
  const lines = examples.map(([typed, effect]) => `  ${typed.padEnd(width)}  ${effect}`);
  command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`);
}
