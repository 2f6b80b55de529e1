import type { Job } from 'bullmq';
import type { HeldJob } from './job-locks.js';
import type { PumpedJob } from './pumped-job.js';
import type { Script, ScriptValue } from './run-script.js';
import { HAND_BACK, RESTORE_JOB } from './slim-backend/holding-scripts.js';

type RunScript = (script: Script, values: readonly ScriptValue[]) => Promise<unknown>;

/** A job that a pump runs, and whether it is still the pump's. */
export class RunningJob implements HeldJob {
  done: Promise<void> = Promise.resolve();
  private state: 'held' | 'lost' | 'settled' = 'held';

  constructor(
    public job: Job,
    public token: string,
    readonly pumped: PumpedJob,
  ) {}

  get id(): string {
    return this.pumped.id;
  }

  /** The attempt that Redis knows. Later than what is being run when the job came back to its own holder. */
  get attempt(): number {
    return this.job.attemptsStarted;
  }

  get held(): boolean {
    return this.state === 'held';
  }

  /** Goes on under a new lock. @returns false when this run is over or was told to stop */
  adopt(job: Job, token: string): boolean {
    if (!this.held) return false;
    this.job = job;
    this.token = token;
    return true;
  }

  lose(): void {
    if (!this.held) return;
    this.state = 'lost';
    this.pumped.onLockLost?.();
  }

  /** The run is over. @returns false when the job is no longer the pump's to finish */
  settle(): boolean {
    if (!this.held) return false;
    this.state = 'settled';
    return true;
  }

  /** Makes the job anew in Redis, which forgot it, so that it is not lost with its holder. */
  async restore(run: RunScript, lockDuration: number): Promise<void> {
    if (this.held) await this.makeAnew(run, lockDuration);
  }

  /** Puts the job back, to be taken next. */
  async handBack(run: RunScript, lockDuration: number, blame: boolean): Promise<void> {
    const values = [this.id, this.token, this.attempt, blame ? 1 : 0];
    const standing = await run(HAND_BACK, values);
    if (standing !== 'vanished') return;
    await this.makeAnew(run, lockDuration);
    await run(HAND_BACK, values);
  }

  private async makeAnew(run: RunScript, lockDuration: number): Promise<void> {
    const { name, data, opts, timestamp, priority, stalledCounter } = this.job;
    const json = [name, JSON.stringify(data), JSON.stringify(opts), timestamp, priority ?? 0];
    const holding = [this.id, this.token, lockDuration, this.attempt, stalledCounter];
    await run(RESTORE_JOB, [...holding, ...json]);
  }
}
