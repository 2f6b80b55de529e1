import type { Command } from 'commander';
import type { DiskUsage } from '../client/wire.js';
import type { CommandContext } from '../command-context.js';
import { formatTable } from '../output/table.js';
import { humanSize } from '../output/units.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command.option('--json', 'print bytes as JSON').action(act(showUsage));
  addExamples(command, [['longshore df', 'what the stores of all live workers take']]);
}

async function showUsage(context: CommandContext, { json = false }: { json?: boolean }): Promise<void> {
  const usage = await context.client.getJson<DiskUsage>('/engines/df');
  if (json) return context.printJson(usage);
  const engine = usage.default_backend_disk_usage;
  const rows = [
    ['Models', humanSize(usage.models_disk_usage)],
    ...(engine > 0 ? [['Inference engine', humanSize(engine)]] : []),
  ];
  context.print(formatTable(['TYPE', 'SIZE'], rows));
}
