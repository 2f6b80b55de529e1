import { createWriteStream, existsSync, renameSync, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { prefixLine, type LinePrefix } from './log-lines.js';

const REMEMBERED_LINES = 15;

/**
 * Where the lines of one process go: to `<name>.log`, and to the terminal with the process's name before each. The
 * log of the start before is kept as `<name>.previous.log`.
 */
export class LogOutput {
  readonly file: string;
  private readonly stream: WriteStream;
  private readonly recent: string[] = [];

  constructor(
    folder: string,
    private readonly prefix: LinePrefix,
    /** Absent for a process whose lines only go to its file. */
    private readonly terminal?: (line: string) => void,
  ) {
    this.file = join(folder, `${prefix.name}.log`);
    if (existsSync(this.file)) renameSync(this.file, join(folder, `${prefix.name}.previous.log`));
    this.stream = createWriteStream(this.file);
    this.stream.on('error', () => undefined);
  }

  /** The last lines of the process, for telling why it ended. */
  get tail(): readonly string[] {
    return this.recent;
  }

  follow(source: Readable): void {
    createInterface({ input: source, crlfDelay: Infinity }).on('line', (line) => this.write(line));
  }

  write(line: string): void {
    this.recent.push(line);
    if (this.recent.length > REMEMBERED_LINES) this.recent.shift();
    this.stream.write(`${line}\n`);
    this.terminal?.(prefixLine(line, this.prefix));
  }
}
