import { Argument, type Command } from 'commander';
import type { CommandContext } from '../command-context.js';
import { completionScript, type Shell, SHELLS } from '../completion/scripts.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command.addArgument(new Argument('<shell>', 'the shell').choices(SHELLS)).action(act(printScript));
  addExamples(command, [
    ['source <(longshore completion bash)', 'for this bash; in ~/.bashrc for every one'],
    ['longshore completion zsh > "${fpath[1]}/_longshore"', 'for zsh'],
    ['longshore completion fish > ~/.config/fish/completions/longshore.fish', 'for fish'],
  ]);
}

async function printScript(context: CommandContext, shell: Shell): Promise<void> {
  context.stdout.write(completionScript(shell));
}
