import type { CommandModule } from './command-module.js';

/** A command as the list of commands shows it. Its code is loaded when it is asked for. */
export interface RegisteredCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** Completes the sentence "This command …s"; begins with a capital, no full stop. */
  readonly summary: string;
  readonly load: () => Promise<CommandModule>;
}

/** Every command but `up` and `help`, in the order of the help text. A new one is a line here and a file. */
export const COMMANDS: readonly RegisteredCommand[] = [
  { name: 'pull', summary: 'Fetch a model into the cluster', load: () => import('./pull.command.js') },
];
