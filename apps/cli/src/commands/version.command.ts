import { readRelease } from '#config';
import type { Command } from 'commander';
import { GatewayFailure } from '../client/gateway-failure.js';
import type { CommandContext } from '../command-context.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

export function declare(command: Command, act: Act): void {
  command.option('--json', 'print JSON').action(act(showVersion));
  addExamples(command, [['longshore version', 'of this program and of the cluster']]);
}

/** A cluster that does not answer is no failure here: half of the answer is known. */
async function showVersion(context: CommandContext, { json = false }: { json?: boolean }): Promise<void> {
  const client = { version: readRelease(), platform: `${process.platform}/${process.arch}` };
  const server = await serverVersion(context);
  if (json)
    return context.printJson({ client, server: { version: server ?? null, address: context.target.shown } });
  context.print('Client:');
  context.print(` Version:    ${client.version}`);
  context.print(` OS/Arch:    ${client.platform}`);
  context.print();
  context.print('Server:');
  context.print(` Version:    ${server ?? '(not reachable)'}`);
  context.print(` Address:    ${context.target.shown}`);
}

async function serverVersion(context: CommandContext): Promise<string | undefined> {
  try {
    return (await context.client.getJson<{ version: string }>('/version')).version;
  } catch (error) {
    if (error instanceof GatewayFailure) return undefined;
    throw error;
  }
}
