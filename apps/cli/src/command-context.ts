import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import { type Environment, readPlainConfig } from '#config';
import { ClientConfig } from './client-config.js';
import { GatewayClient } from './client/gateway-client.js';
import { type GatewayTarget, resolveTarget } from './client/gateway-target.js';
import type { Interruption } from './interruption.js';

export type InputStream = Readable & { readonly isTTY?: boolean };
export type OutputStream = Writable & {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly rows?: number;
};

/** Where a command runs: its streams, its environment, and who may interrupt it. */
export interface Surroundings {
  readonly environment: Environment;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly interruption: Interruption;
}

/** Options that every command has. */
export interface GlobalOptions {
  readonly host?: string;
  readonly apiKey?: string;
}

/** What a command works with. Results go to stdout, everything else to stderr. */
export class CommandContext {
  private readConfiguration: ClientConfig | undefined;
  private opened: GatewayClient | undefined;

  constructor(
    readonly surroundings: Surroundings,
    readonly options: GlobalOptions,
    /** The command line as it is declared, one command whole, of the others name and summary. */
    readonly describeProgram: (command?: string) => Promise<Command>,
  ) {}

  get stdin(): InputStream {
    return this.surroundings.stdin;
  }

  get stdout(): OutputStream {
    return this.surroundings.stdout;
  }

  get stderr(): OutputStream {
    return this.surroundings.stderr;
  }

  get interruption(): Interruption {
    return this.surroundings.interruption;
  }

  /** Aborted when the command is to end. */
  get signal(): AbortSignal {
    return this.interruption.signal;
  }

  /** @throws ConfigurationError */
  get config(): ClientConfig {
    return (this.readConfiguration ??= readPlainConfig(ClientConfig, this.surroundings.environment));
  }

  /** @throws CommandFailure when what was given is not an address */
  get target(): GatewayTarget {
    return resolveTarget(this.options, this.config);
  }

  /** The cluster, which nothing is sent to before the first request. */
  get client(): GatewayClient {
    return (this.opened ??= new GatewayClient(this.target, this.signal));
  }

  /** The same with other surroundings and a connection of its own, which the caller closes. */
  within(changes: Partial<Surroundings>): CommandContext {
    return new CommandContext({ ...this.surroundings, ...changes }, this.options, this.describeProgram);
  }

  /** A line of the result. */
  print(text = ''): void {
    this.stdout.write(`${text}\n`);
  }

  /** The result as indented JSON. */
  printJson(value: unknown): void {
    this.print(JSON.stringify(value, undefined, 2));
  }

  /** A line for the person at the terminal. */
  note(text = ''): void {
    this.stderr.write(`${text}\n`);
  }

  async close(): Promise<void> {
    await this.opened?.close();
  }
}
