import { Injectable } from '@nestjs/common';
import { Logger, type RecentLine } from '#observability';
import { readBounded, type TellingWorker, WorkerInsight } from '../worker-insight.js';
import { FollowedLog, noteAt, readLog } from './followed-log.js';
import { formatLines, mergeLines, parseLines } from './log-lines.js';

/** A worker that has not told its lines after this is left out; ms. */
const PATIENCE_MS = 2_000;

/** Bytes of one worker's lines. */
const LONGEST_LOG = 8 * 1024 * 1024;

/** How often it is looked for workers that have come; ms. */
const LOOK_INTERVAL_MS = 1_000;

/** What the cluster logs: the lines of this gateway, of all workers and of their engines. */
@Injectable()
export class LogsService {
  constructor(
    private readonly insight: WorkerInsight,
    private readonly logger: Logger,
  ) {}

  /** The latest lines, in the order of their times. */
  async latest(wants: (line: RecentLine) => boolean, signal: AbortSignal): Promise<Buffer> {
    const late = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const logs = await Promise.all(
      this.insight.workers().map((worker) =>
        this.insight
          .open(worker, '/v1/logs', late)
          .then(async (body) => parseLines(await readBounded(body, LONGEST_LOG)))
          .catch((error: unknown) => [leftOut(worker, error)]),
      ),
    );
    const own = this.logger.recent?.all() ?? [];
    return formatLines(mergeLines([own, ...logs]).filter(wants));
  }

  /** The latest lines, and then all that come for as long as somebody listens. */
  async *follow(
    wants: (line: RecentLine) => boolean,
    signal: AbortSignal,
  ): AsyncGenerator<Buffer, void, void> {
    const log = new FollowedLog(wants);
    const readers = new Readers(this.insight, log, signal);
    const begin: RecentLine[][] = [];
    const stop = this.logger.recent?.follow((line) => log.add([line]));
    begin.push([...(this.logger.recent?.all() ?? [])]);
    const onAbort = (): void => log.wake();
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      begin.push(...(await readers.begin()));
      yield formatLines(mergeLines(begin).filter(wants));
      while (!signal.aborted) {
        const lines = await log.next(LOOK_INTERVAL_MS);
        readers.look();
        if (lines.length > 0) yield formatLines(lines);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      stop?.();
      readers.stop();
    }
  }
}

/** One reader for each worker's log. A worker whose log ends and that is still there is read again from where it ended. */
class Readers {
  private readonly reading = new Set<string>();
  /** Times of the last line there was, and of the last one when the log was last asked for; ms since the epoch. */
  private readonly progress = new Map<string, { readonly reached: number; readonly again: number }>();
  private readonly ends = new AbortController();
  private readonly signal: AbortSignal;

  constructor(
    private readonly insight: WorkerInsight,
    private readonly log: FollowedLog,
    signal: AbortSignal,
  ) {
    this.signal = AbortSignal.any([signal, this.ends.signal]);
  }

  /** Begins with all workers. @returns what they had to say so far; later answers go to the log */
  async begin(): Promise<RecentLine[][]> {
    const begun: RecentLine[][] = [];
    let late = false;
    const take = (lines: readonly RecentLine[]): void => {
      if (late) this.log.add(lines);
      else begun.push([...lines]);
    };
    const first = this.insight.workers().map((worker) => this.read(worker, take).begun);
    const patience = new Promise<void>((resolve) => setTimeout(resolve, PATIENCE_MS).unref());
    await Promise.race([Promise.all(first), patience]);
    late = true;
    return begun;
  }

  /** Begins with those that have come. */
  look(): void {
    if (this.signal.aborted) return;
    for (const worker of this.insight.workers())
      if (!this.reading.has(worker.workerId)) this.read(worker, (lines) => this.log.add(lines));
  }

  stop(): void {
    this.ends.abort();
  }

  private read(
    worker: TellingWorker,
    onBegun: (lines: readonly RecentLine[]) => void,
  ): { readonly begun: Promise<void> } {
    const { workerId } = worker;
    this.reading.add(workerId);
    const { reached = -1 } = this.progress.get(workerId) ?? {};
    this.progress.set(workerId, { reached, again: reached });
    const begun = new Promise<void>((resolve) => {
      const reading = {
        onBegun: (lines: readonly RecentLine[]) => {
          onBegun(this.unseen(workerId, lines));
          resolve();
        },
        onLines: (lines: readonly RecentLine[]) => this.log.add(this.unseen(workerId, lines)),
      };
      const done = this.insight
        .open(worker, '/v1/logs?follow=true', this.signal)
        .then((body) => readLog(body, reading))
        // It is asked again as long as it lives.
        .catch(() => undefined);
      void done.finally(() => {
        this.reading.delete(workerId);
        resolve();
      });
    });
    return { begun };
  }

  /** Leaves out what was shown before the log was asked for again. */
  private unseen(workerId: string, lines: readonly RecentLine[]): readonly RecentLine[] {
    const { reached = -1, again = -1 } = this.progress.get(workerId) ?? {};
    const fresh = lines.filter(({ time }) => time > again);
    const times = fresh.map(({ time }) => time);
    this.progress.set(workerId, { again, reached: Math.max(reached, ...times) });
    return fresh;
  }
}

function leftOut({ workerId }: TellingWorker, error: unknown): RecentLine {
  return noteAt(Date.now(), `The log of worker ${workerId} is left out: ${(error as Error).message}`);
}
