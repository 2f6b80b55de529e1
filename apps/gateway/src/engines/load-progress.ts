import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { WorkerDirectory } from '#cluster';
import { completionQueue, type LoadEvent } from '#contracts';
import { LoadNews } from './load-news.js';

/** Loads remembered at most; those not heard of for longest are forgotten first. */
const MOST_LOADS = 1_000;

/** How far the loads are that go on now. */
@Injectable()
export class LoadProgress implements OnApplicationShutdown {
  private readonly latest = new Map<string, LoadEvent>();
  private readonly stop: () => void;

  constructor(
    private readonly directory: WorkerDirectory,
    news: LoadNews,
  ) {
    this.stop = news.listen((event) => this.note(event));
  }

  /** What was last told of the load that a completion queue waits for; undefined when nothing is known. */
  of(queue: string): LoadEvent | undefined {
    const event = this.latest.get(queue);
    if (event === undefined) return undefined;
    const alive = this.directory.workers().some(({ workerId }) => workerId === event.workerId);
    return alive ? event : undefined;
  }

  onApplicationShutdown(): void {
    this.stop();
  }

  private note(event: LoadEvent): void {
    const queue = completionQueue(event);
    const over = event.stage === 'ready' || event.stage === 'failed';
    // Two workers may load the same model: the end of one is not the end of the other.
    if (over && this.latest.get(queue)?.workerId !== event.workerId) return;
    this.latest.delete(queue);
    if (over) return;
    this.latest.set(queue, event);
    const [oldest] = this.latest.keys();
    if (this.latest.size > MOST_LOADS && oldest !== undefined) this.latest.delete(oldest);
  }
}

/** A load in one line for people: `loading stage=fetching completed=10 total=20`. */
export function encodeLoading(event: LoadEvent | undefined): string {
  if (event === undefined) return 'loading';
  const { stage, completed, total } = event;
  const bytes =
    (completed === undefined ? '' : ` completed=${completed}`) +
    (total === undefined ? '' : ` total=${total}`);
  return `loading stage=${stage}${bytes}`;
}
