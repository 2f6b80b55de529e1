import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Lines that are remembered. */
export const HISTORY_LENGTH = 1_000;

/** What was typed in earlier conversations. A file that cannot be read or written is done without. */
export class HistoryFile {
  /** @param path absent = nothing is kept */
  constructor(
    private readonly path: string | undefined,
    public enabled = true,
  ) {}

  /** The latest line first. */
  read(): string[] {
    if (this.path === undefined || !this.enabled) return [];
    let lines: string[];
    try {
      lines = readFileSync(this.path, 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
    const kept = lines.slice(-HISTORY_LENGTH);
    if (lines.length > 2 * HISTORY_LENGTH) this.rewrite(this.path, kept);
    return kept.toReversed();
  }

  add(line: string): void {
    if (this.path === undefined || !this.enabled || line.trim() === '') return;
    try {
      mkdirSync(dirname(this.path), { recursive: true });
      appendFileSync(this.path, `${line}\n`, { mode: 0o600 });
    } catch {
      // A full disk or a folder of somebody else is no reason not to talk.
    }
  }

  private rewrite(path: string, lines: readonly string[]): void {
    try {
      const unfinished = `${path}.${process.pid}`;
      writeFileSync(unfinished, `${lines.join('\n')}\n`, { mode: 0o600 });
      renameSync(unfinished, path);
    } catch {
      // It is only longer than it need be.
    }
  }
}
