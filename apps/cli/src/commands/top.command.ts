import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { GatewayFailure } from '../client/gateway-failure.js';
import type { CommandContext } from '../command-context.js';
import { duration } from '../options.js';
import { coloursFor, wantsColours } from '../output/colours.js';
import { terminalSize } from '../output/terminal-size.js';
import { LiveScreen } from '../top/live-screen.js';
import { renderSnapshot, type RenderOptions } from '../top/render.js';
import { ClusterWatch } from '../top/watch-cluster.js';
import type { Act } from './command-module.js';
import { addExamples } from './examples.js';

interface TopOptions {
  readonly once?: boolean;
  readonly json?: boolean;
  /** ms. */
  readonly interval: number;
}

export function declare(command: Command, act: Act): void {
  command
    .option('--once', 'print one view and return, which is also what happens without a terminal')
    .option('--interval <time>', 'time between two looks (default: 1s)', duration, 1_000)
    .option('--json', 'print one view as JSON')
    .action(act(top));
  for (const option of command.options)
    if (option.attributeName() === 'interval') option.defaultValueDescription = '';
  addExamples(command, [
    ['longshore top', 'workers, queues and tokens, drawn again every second; q ends'],
    ['longshore top --once', 'one view, with the rates of one second'],
    ['longshore top --json --interval 10s', 'for scripts, with the rates of ten seconds'],
  ]);
}

async function top(context: CommandContext, { once, json, interval }: TopOptions): Promise<void> {
  const watch = new ClusterWatch(context.client);
  if (json === true) return context.printJson(await watch.measure(interval, context.signal));
  const { stdin, stdout, config, target } = context;
  const options: RenderOptions = {
    address: target.shown,
    colours: coloursFor(wantsColours(stdout, config)),
    defaultRegistry: config.defaultRegistry,
  };
  if (once === true || stdout.isTTY !== true || stdin.isTTY !== true) {
    const columns = stdout.isTTY === true ? { columns: terminalSize(stdout).columns } : {};
    const lines = renderSnapshot(await watch.measure(interval, context.signal), { ...options, ...columns });
    return context.print(lines.join('\n'));
  }
  await watchLive(context, { watch, interval, options });
}

interface Live {
  readonly watch: ClusterWatch;
  readonly interval: number;
  readonly options: RenderOptions;
}

/** Draws until the user has seen enough. A cluster that does not answer for a while is no reason to go. */
async function watchLive(context: CommandContext, { watch, interval, options }: Live): Promise<void> {
  const { stdin, stdout, interruption } = context;
  const fitted = (): RenderOptions => ({ ...options, columns: terminalSize(stdout).columns });
  let lines = renderSnapshot(await watch.look(), fitted());
  const quit = new AbortController();
  const release = interruption.intercept(() => quit.abort());
  const screen = new LiveScreen(stdin, stdout, () => quit.abort());
  const over = AbortSignal.any([quit.signal, context.signal]);
  try {
    while (!over.aborted) {
      screen.draw(lines);
      await sleep(interval, undefined, { signal: over });
      lines = await look(watch, fitted(), over);
    }
  } catch (error) {
    if (!over.aborted) throw error;
  } finally {
    screen.close();
    release();
  }
}

async function look(watch: ClusterWatch, options: RenderOptions, over: AbortSignal): Promise<string[]> {
  try {
    return renderSnapshot(await watch.look(over), options);
  } catch (error) {
    if (!(error instanceof GatewayFailure)) throw error;
    return [options.colours.red(error.message)];
  }
}
