import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { REPOSITORY } from '#testing';
import type { Load, LoadAnswer, LoadOrder, LoadReport } from './load.js';

const MAIN = join(REPOSITORY, 'dist', 'test', 'bench', 'load', 'generator.js');

/** The load generator's process. It ends with this one, also after SIGKILL. */
export class LoadGenerator {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(MAIN, [], { execArgv: [], serialization: 'advanced' });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @param onTimeMs a stamped token counts as on time up to this latency. @throws Error when no request succeeded */
  async run(load: Load, onTimeMs = Infinity): Promise<LoadReport> {
    const answer = await this.order({ kind: 'run', load, onTimeMs });
    if (answer.kind !== 'report') throw unexpected(answer);
    const { allRequests, failures } = answer.report;
    if (allRequests === 0) throw new Error(`No request succeeded: ${JSON.stringify(failures)}`);
    return answer.report;
  }

  /** Opens streams and leaves them open until `release`. @returns how many */
  async hold(load: Load): Promise<number> {
    const answer = await this.order({ kind: 'hold', load });
    if (answer.kind !== 'held') throw unexpected(answer);
    return answer.streams;
  }

  async release(): Promise<void> {
    await this.order({ kind: 'release' });
  }

  stop(): void {
    if (this.child.connected) this.child.disconnect();
  }

  private order(order: LoadOrder): Promise<LoadAnswer> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null, signal: string | null): void =>
        reject(new Error(`The load generator ended with ${signal ?? `code ${code}`}.`));
      this.child.once('exit', onExit);
      this.child.once('message', (answer: LoadAnswer) => {
        this.child.off('exit', onExit);
        resolve(answer);
      });
      this.child.send(order);
    });
  }
}

function unexpected(answer: LoadAnswer): Error {
  return new Error(answer.kind === 'failed' ? answer.message : `The load generator answered ${answer.kind}.`);
}
