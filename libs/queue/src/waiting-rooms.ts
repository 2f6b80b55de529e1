import { type CompletionJob, LongshoreError, type Names } from '#contracts';
import type { RedisClient } from '#redis';
import { runScript } from './run-script.js';
import { GRACE_MS } from './slim-backend/preference.js';
import { ADD_JOB, REMOVE_JOB } from './slim-backend/scripts.js';

export interface Admission {
  /** 1 is the most urgent, 20 the least; 10 by default. */
  readonly priority?: number;
  /** The job is refused when this many wait already; any number by default. */
  readonly limit?: number;
  /** Attempts that are known to have begun, of a job that Redis has forgotten: the next one gets a higher number. */
  readonly begun?: number;
  /** Who is best placed to run it. Others run it too; none by default. */
  readonly preference?: Preference;
}

export interface Preference {
  readonly workerId: string;
  /** The worker seems to have room: for a moment nobody else takes the job. */
  readonly waits: boolean;
  /** How long that moment is; ms, at most a second, 25 by default. */
  readonly grace?: number;
}

/**
 * All completion jobs have one: BullMQ serves jobs without a priority before any with one, so a queue that may ever
 * hold priorities must give every job one.
 */
const DEFAULT_PRIORITY = 10;

/** What BullMQ is to know about completion jobs: they are tried by our rules and leave nothing behind. */
const OPTIONS = { attempts: 1, removeOnComplete: true, removeOnFail: true } as const;

/** Jobs that came back stand before all others, and are few. */
const MOST_RETURNED = 100;

/** What a producer does with completion queues, in BullMQ's keys. Everything rejects with the error of Redis. */
export class WaitingRooms {
  constructor(
    private readonly redis: RedisClient,
    private readonly names: Names,
  ) {}

  /**
   * Adds a job; one whose id is there already counts as added, however many wait.
   * @returns how many jobs are ahead of it
   * @throws LongshoreError `queue_full`
   */
  async add(queue: string, job: CompletionJob, admission: Admission): Promise<number> {
    const { priority = DEFAULT_PRIORITY, limit, begun = 0, preference } = admission;
    const { requestId: jobId } = job;
    const options = JSON.stringify({ jobId, priority, ...OPTIONS });
    const values = [jobId, 'completion', JSON.stringify(job), options, Date.now(), priority];
    const { workerId = '', waits = false, grace = GRACE_MS } = preference ?? {};
    const preferred = [workerId, waits ? grace : 0];
    const admitted = [...values, limit ?? '', begun, ...preferred];
    const ahead = await runScript(this.redis, this.base(queue), ADD_JOB, admitted);
    if (ahead === -1) throw new LongshoreError('queue_full');
    return ahead as number;
  }

  /** Takes a job out that nobody runs. @returns false when somebody does, or there is none */
  async remove(queue: string, requestId: string): Promise<boolean> {
    return (await runScript(this.redis, this.base(queue), REMOVE_JOB, [requestId])) === 1;
  }

  /** Jobs ahead of each; undefined for those that do not wait. One round trip. */
  async positions(queue: string, requestIds: readonly string[]): Promise<(number | undefined)[]> {
    const base = this.base(queue);
    const commands = this.redis.pipeline();
    commands.llen(`${base}wait`).lrange(`${base}wait`, -MOST_RETURNED, -1);
    for (const id of requestIds) commands.zrank(`${base}prioritized`, id);
    const [first, returned, ...ranks] = await repliesOf(commands);
    const next = (returned as string[]).toReversed();
    return requestIds.map((id, index) => {
      const rank = ranks[index];
      if (typeof rank === 'number') return (first as number) + rank;
      const place = next.indexOf(id);
      return place === -1 ? undefined : place;
    });
  }

  /** True while Redis knows the job: it waits, or somebody has begun it and not finished it. */
  async has(queue: string, requestId: string): Promise<boolean> {
    return (await this.redis.exists(`${this.base(queue)}${requestId}`)) === 1;
  }

  /** How many jobs wait or have been begun by somebody. */
  async unfinished(queue: string): Promise<number> {
    const base = this.base(queue);
    const commands = this.redis.pipeline();
    commands.llen(`${base}wait`).zcard(`${base}prioritized`).llen(`${base}active`);
    const [returned, prioritized, active] = (await repliesOf(commands)) as [number, number, number];
    return returned + prioritized + active;
  }

  private base(queue: string): string {
    return `${this.names.queueKey(queue)}:`;
  }
}

async function repliesOf(commands: ReturnType<RedisClient['pipeline']>): Promise<unknown[]> {
  const replies = (await commands.exec()) ?? [];
  return replies.map(([error, reply]) => {
    if (error) throw error;
    return reply;
  });
}
