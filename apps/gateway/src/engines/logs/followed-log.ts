import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { RecentLine } from '#observability';
import { mergeLines, parseLine } from './log-lines.js';

/** Lines that wait for one reader; those that come when there are more are left out, and that is told. */
const BACKLOG = 10_000;

/** Lines from many logs for one reader. */
export class FollowedLog {
  private waiting: RecentLine[] = [];
  private missed = 0;
  private onNews: (() => void) | undefined;

  constructor(private readonly wants: (line: RecentLine) => boolean) {}

  add(lines: readonly RecentLine[]): void {
    const wanted = lines.filter(this.wants);
    const room = BACKLOG - this.waiting.length;
    this.waiting.push(...wanted.slice(0, room));
    this.missed += Math.max(0, wanted.length - room);
    if (wanted.length > 0) this.wake();
  }

  wake(): void {
    this.onNews?.();
  }

  /** What has come, oldest first, as soon as there is something; nothing after {@link wake}, or a while. */
  async next(waitMs: number): Promise<readonly RecentLine[]> {
    if (this.waiting.length === 0) {
      await new Promise<void>((resolve) => {
        const late = setTimeout(resolve, waitMs);
        this.onNews = () => {
          clearTimeout(late);
          resolve();
        };
      });
      this.onNews = undefined;
    }
    const lines = mergeLines([this.waiting]);
    if (this.missed > 0)
      lines.push(noteAt(Date.now(), `${this.missed} lines were left out: they came too fast`));
    this.waiting = [];
    this.missed = 0;
    return lines;
  }
}

/** A line of our own. */
export function noteAt(time: number, message: string): RecentLine {
  return { time, engine: false, text: `level=warn msg=${JSON.stringify(message)} process=gateway` };
}

/**
 * Reads the log of one worker for as long as it sends: first what there was, up to an empty line, then what comes.
 * @throws Error when it breaks off
 */
export async function readLog(body: Readable, { onBegun, onLines }: LogReading): Promise<void> {
  let begun: RecentLine[] | undefined = [];
  for await (const text of splitLines(body)) {
    const line = parseLine(text);
    if (line !== undefined) {
      if (begun === undefined) onLines([line]);
      else begun.push(line);
    } else if (text === '' && begun !== undefined) {
      onBegun(begun);
      begun = undefined;
    }
  }
}

/** A line longer than any that is sent is no line. */
const LONGEST_LINE = 1024 * 1024;

async function* splitLines(body: Readable): AsyncGenerator<string, void, void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LONGEST_LINE) throw new Error('a line is too long');
    yield* lines;
  }
}

export interface LogReading {
  /** Told once, with the lines that were there already. */
  readonly onBegun: (lines: readonly RecentLine[]) => void;
  readonly onLines: (lines: readonly RecentLine[]) => void;
}
