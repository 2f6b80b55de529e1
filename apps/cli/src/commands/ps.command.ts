import type { Command } from 'commander';
import type { RunningModel } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { RUNNING_HEADER, runningRows } from '../output/running-rows.js';
import { formatTable } from '../output/table.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command.option('--json', 'print JSON').action(act(listRunning));
  addExamples(command, [['longshore ps', 'the models that are loaded, and where']]);
}

async function listRunning(context: CommandContext, { json = false }: { json?: boolean }): Promise<void> {
  const running = await context.client.getJson<RunningModel[]>('/engines/ps');
  if (json) return context.printJson(running);
  const rows = runningRows(running, Date.now(), context.config.defaultRegistry);
  context.print(formatTable(RUNNING_HEADER, rows));
}
