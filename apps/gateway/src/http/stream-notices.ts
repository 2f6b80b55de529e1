import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { type AcceptedCompletion, Completions } from '../completions/completions.js';
import type { Whereabouts } from '../completions/whereabouts.js';
import type { LoadEvent } from '#contracts';
import { encodeLoading, LoadProgress } from '../engines/load-progress.js';
import { describeWait } from './describe-wait.js';
import type { ResponseWriter } from './write-response.js';

/** One look at all streams; ms. */
const TICK_MS = 250;

/** A stream that has waited for so long for its first byte is told where it is; ms. */
const FIRST_NOTICE_MS = 1_000;

/** And again after so long without a byte; ms. */
const NOTICE_INTERVAL_MS = 2_000;

/** What notices are written to. */
export type NoticeWriter = Pick<ResponseWriter, 'bytes' | 'comment' | 'line'>;

/**
 * How a client is told: in comments of the event stream, or in lines of plain text before its first event, which the
 * command line of the Model Runner prints.
 */
export type NoticeVoice = 'comments' | 'lines';

/** @param userAgent of a client */
export function voiceFor(userAgent: string | undefined): NoticeVoice {
  return userAgent?.includes('docker-model-cli/') ? 'lines' : 'comments';
}

/**
 * Tells clients that wait for an event stream that they are not forgotten, in what is no part of the answer. One timer for all streams, one look-up for all that are due at a tick, and
 * nothing at all for a byte of a stream.
 */
@Injectable()
export class StreamNotices implements OnApplicationShutdown {
  private readonly streams = new Set<NoticedStream>();
  private ticker: NodeJS.Timeout | undefined;

  constructor(
    private readonly completions: Completions,
    private readonly loads: LoadProgress,
  ) {}

  /** @returns what ends the notices, to be called when the stream ends */
  add(accepted: AcceptedCompletion, writer: NoticeWriter, voice: NoticeVoice = 'comments'): () => void {
    const stream = new NoticedStream(accepted, { writer, voice, now: performance.now() });
    this.streams.add(stream);
    this.ticker ??= setInterval(() => void this.tick(performance.now()), TICK_MS).unref();
    return () => {
      this.streams.delete(stream);
      if (this.streams.size === 0) this.onApplicationShutdown();
    };
  }

  onApplicationShutdown(): void {
    clearInterval(this.ticker);
    this.ticker = undefined;
  }

  private async tick(now: number): Promise<void> {
    const due = [...this.streams].filter((stream) => stream.takesTurn(now));
    if (due.length === 0) return;
    const places = await this.completions.locate(due.map(({ accepted }) => accepted));
    for (const [index, stream] of due.entries()) {
      const place = places[index];
      if (place === undefined || !this.streams.has(stream)) continue;
      stream.tell(place, this.loads.of(stream.accepted.queue));
    }
  }
}

interface Noticed {
  readonly writer: NoticeWriter;
  readonly voice: NoticeVoice;
  readonly now: number;
}

class NoticedStream {
  private seenBytes = 0;
  private quietSince: number;
  private lastLine = '';
  private readonly writer: NoticeWriter;
  private readonly voice: NoticeVoice;

  constructor(
    readonly accepted: AcceptedCompletion,
    { writer, voice, now }: Noticed,
  ) {
    this.writer = writer;
    this.voice = voice;
    // As if the last notice had been long enough ago for the first one to be due earlier than those that follow.
    this.quietSince = now + FIRST_NOTICE_MS - NOTICE_INTERVAL_MS;
  }

  /** Whether it is time to tell the client something; then it is not for a while. */
  takesTurn(now: number): boolean {
    const { bytes } = this.writer;
    const spoke = bytes !== this.seenBytes;
    const due = !spoke && now - this.quietSince >= NOTICE_INTERVAL_MS;
    if (spoke || due) this.quietSince = now;
    this.seenBytes = bytes;
    return due;
  }

  /** @param load of the model, for a request that waits for one */
  tell(place: Whereabouts, load: LoadEvent | undefined): void {
    if (this.writer.bytes !== this.seenBytes) return;
    const begun = this.seenBytes > 0;
    if (this.voice === 'lines' && !begun) return this.print(describeWait(place, load));
    const text = encodeNotice(place, begun, encodeLoading(load));
    if (text !== undefined) this.writer.comment(text);
  }

  /** People read a line once; what has not changed only keeps the connection. */
  private print(line: string): void {
    this.writer.line(line === this.lastLine ? '' : line);
    this.lastLine = line;
  }
}

/** The words of a notice; none for an answer that has begun and that somebody goes on with. */
export function encodeNotice(place: Whereabouts, begun: boolean, loading = 'loading'): string | undefined {
  if (begun) return place.state === 'running' ? undefined : 'waiting';
  if (place.state === 'loading') return loading;
  if (place.state !== 'queued') return place.state;
  const eta = place.eta === undefined ? '' : ` eta=${place.eta.toFixed(1)}s`;
  return `queued position=${place.position}${eta}`;
}
