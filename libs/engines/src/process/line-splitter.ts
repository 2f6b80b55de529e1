/** Longer lines are cut and end in `…`; characters. */
const LINE_LIMIT = 2_000;

/**
 * Cuts one stream of text into lines, without their line feeds and without empty ones. Holds at most one unfinished
 * line of at most 2,000 characters, whatever arrives.
 */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  #unfinished = '';
  #overlong = false;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
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
    this.#onLine(line);
  }

  #append(part: string): void {
    const room = LINE_LIMIT - this.#unfinished.length;
    if (part.length > room) this.#overlong = true;
    this.#unfinished += part.slice(0, room);
  }
}
