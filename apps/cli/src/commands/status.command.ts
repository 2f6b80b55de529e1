import type { Command } from 'commander';
import { GatewayFailure } from '../client/gateway-failure.js';
import type { CommandContext } from '../command-context.js';
import { engineRows, STATUS_HEADER } from '../output/engine-status.js';
import { formatTable } from '../output/table.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command.option('--json', 'print JSON').action(act(showStatus));
  addExamples(command, [
    ['longshore status', 'whether a cluster answers, and with which engines'],
    ['longshore status --json', 'with the address for OpenAI clients, for scripts'],
  ]);
}

async function showStatus(context: CommandContext, { json = false }: { json?: boolean }): Promise<ExitCode> {
  const { client, target } = context;
  const endpoint = `${target.shown}/v1/`;
  const facts = { kind: 'Longshore', endpoint, endpointHost: endpoint };
  try {
    await client.getJson('/models');
  } catch (error) {
    if (!json || !(error instanceof GatewayFailure) || error.exitCode !== EXIT.unreachable) throw error;
    context.printJson({ running: false, backends: {}, ...facts });
    context.note(error.message);
    return error.exitCode;
  }
  const backends = await client.getJson<Record<string, string>>('/engines/status');
  if (json) {
    context.printJson({ running: true, backends, ...facts });
  } else {
    context.print(`Longshore is running at ${target.shown}`);
    context.print();
    context.print(formatTable(STATUS_HEADER, engineRows(backends)));
  }
  return EXIT.ok;
}
