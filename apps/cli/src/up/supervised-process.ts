import type { ChildProcess } from 'node:child_process';
import { LaunchProblem } from './launch-problem.js';
import type { LogOutput } from './log-output.js';
import { HEALTHY_AFTER_MS, restartDelay } from './restart-delay.js';

/** How to run one process of the cluster. */
export interface ProcessPlan {
  readonly name: string;
  readonly log: LogOutput;
  /** Starts the process; its stdout and stderr are pipes. */
  readonly spawn: () => ChildProcess;
  /** Resolves when the process can do its work. Stops waiting when `signal` aborts. */
  readonly whenReady: (child: ChildProcess, signal: AbortSignal) => Promise<void>;
}

export interface Surroundings {
  /** One line for the person at the terminal. */
  readonly say: (line: string) => void;
  /** Called whenever a process was started or has ended. */
  readonly onChange: () => void;
}

const READY_TIMEOUT_MS = 60_000;
const TOLD_LINES = 8;

/** One process of the cluster, started again with growing delays when it crashes after it was ready once. */
export class SupervisedProcess {
  private child: ChildProcess | undefined;
  private ended: Promise<string> = Promise.resolve('not started');
  private stopping = false;
  private failures = 0;
  private restart: NodeJS.Timeout | undefined;

  constructor(
    private readonly plan: ProcessPlan,
    private readonly surroundings: Surroundings,
  ) {}

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /**
   * Resolves when the process is ready.
   * @throws LaunchProblem with its last lines when it ends before that, or is not ready in time; also once it was
   *   stopped, so that what is still being started is not left behind
   */
  async start(): Promise<void> {
    if (this.stopping) throw new LaunchProblem(`${this.plan.name} was stopped before it was started.`);
    const child = this.launch();
    const giveUp = new AbortController();
    const timer = setTimeout(() => giveUp.abort(), READY_TIMEOUT_MS);
    const failure = await Promise.race([
      this.plan.whenReady(child, giveUp.signal).then(() => undefined, String),
      this.ended.then((how) => `it ended with ${how}`),
      new Promise<string>((resolve) => {
        giveUp.signal.addEventListener('abort', () =>
          resolve(`it was not ready after ${READY_TIMEOUT_MS / 1_000} s`),
        );
      }),
    ]);
    clearTimeout(timer);
    giveUp.abort();
    if (failure !== undefined) throw new LaunchProblem(this.explain(failure));
    this.watch(Date.now());
  }

  /** Asks the process to end; kills it after `limitMs`. Resolves when it is gone. */
  async stop(limitMs: number): Promise<void> {
    this.stopping = true;
    clearTimeout(this.restart);
    if (!this.child) return;
    const timer = setTimeout(() => {
      this.surroundings.say(
        `${this.plan.name} did not end within ${Math.round(limitMs / 1_000)} s and is killed.`,
      );
      this.kill();
    }, limitMs);
    this.child.kill('SIGTERM');
    await this.ended;
    clearTimeout(timer);
  }

  kill(): void {
    this.stopping = true;
    clearTimeout(this.restart);
    this.child?.kill('SIGKILL');
  }

  private launch(): ChildProcess {
    const child = this.plan.spawn();
    this.child = child;
    if (child.stdout) this.plan.log.follow(child.stdout);
    if (child.stderr) this.plan.log.follow(child.stderr);
    this.ended = new Promise((resolve) => {
      const end = (how: string) => {
        if (this.child === child) this.child = undefined;
        this.surroundings.onChange();
        resolve(how);
      };
      child.once('error', (error) => child.pid === undefined && end(error.message));
      child.once('exit', (code, signal) => end(signal ?? `exit code ${code}`));
    });
    this.surroundings.onChange();
    return child;
  }

  private watch(since: number): void {
    void this.ended.then((how) => (this.stopping ? undefined : this.scheduleRestart(how, since)));
  }

  private scheduleRestart(how: string, since: number): void {
    this.failures = Date.now() - since > HEALTHY_AFTER_MS ? 1 : this.failures + 1;
    const delay = restartDelay(this.failures);
    const { name, log } = this.plan;
    this.surroundings.say(
      `${name} ended with ${how}; it starts again in ${delay / 1_000} s. Its log: ${log.file}`,
    );
    this.restart = setTimeout(() => {
      this.announceReturn(this.launch());
      this.watch(Date.now());
    }, delay);
  }

  private announceReturn(child: ChildProcess): void {
    const giveUp = new AbortController();
    void this.ended.then(() => giveUp.abort());
    void this.plan.whenReady(child, giveUp.signal).then(
      () => this.surroundings.say(`${this.plan.name} is back.`),
      () => undefined,
    );
  }

  private explain(failure: string): string {
    const { name, log } = this.plan;
    const lines = log.tail.slice(-TOLD_LINES).map((line) => `  ${line}`);
    return [`${name} could not be started: ${failure}. Its log is ${log.file}`, ...lines].join('\n');
  }
}
