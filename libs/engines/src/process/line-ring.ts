/** Longer lines are cut and end in `…`; characters. */
const LINE_LIMIT = 2_000;

/**
 * Cuts a process's output into lines and keeps the last of them. Memory stays bounded whatever the process prints:
 * at most `capacity` lines of at most 2,000 characters, and one unfinished line.
 */
export class LineRing {
  readonly #capacity: number;
  readonly #onLine: (line: string) => void;
  readonly #lines: string[] = [];
  #unfinished = '';
  #overlong = false;

  constructor(capacity: number, onLine: (line: string) => void) {
    this.#capacity = capacity;
    this.#onLine = onLine;
  }

  /** Oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  push(text: string): void {
    const parts = text.split(/\r?\n/);
    for (const [index, part] of parts.entries()) {
      this.#append(part);
      if (index < parts.length - 1) this.flush();
    }
  }

  /** Ends the unfinished line, if there is one. */
  flush(): void {
    if (this.#unfinished === '') return;
    const line = this.#overlong ? `${this.#unfinished}…` : this.#unfinished;
    this.#unfinished = '';
    this.#overlong = false;
    this.#lines.push(line);
    if (this.#lines.length > this.#capacity) this.#lines.shift();
    this.#onLine(line);
  }

  #append(part: string): void {
    const room = LINE_LIMIT - this.#unfinished.length;
    if (part.length > room) this.#overlong = true;
    this.#unfinished += part.slice(0, room);
  }
}
