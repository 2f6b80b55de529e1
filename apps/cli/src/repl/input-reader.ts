/** What lines typed at the prompt come to. */
export type Input =
  /** The message goes on with the next line. */
  | { readonly kind: 'more' }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'message'; readonly text: string }
  /** `/set system You are terse.` is the name `/set` with the rest `system You are terse.` */
  | { readonly kind: 'command'; readonly name: string; readonly rest: string };

const QUOTES = '"""';

/** Puts lines together to messages: `"""` begins and ends one of several lines, and lines that are pasted stay together. */
export class InputReader {
  private lines: string[] = [];
  private quoted = false;

  /** Whether a message has been begun. */
  get within(): boolean {
    return this.lines.length > 0;
  }

  /** @param pasted it is followed by others of the same paste, so that its end is not the end of the message */
  take(line: string, { pasted = false } = {}): Input {
    if (this.quoted) return this.takeQuoted(line);
    if (!this.within && line.trimStart().startsWith(QUOTES)) {
      this.quoted = true;
      return this.takeQuoted(line.trimStart().slice(QUOTES.length));
    }
    if (pasted) {
      this.lines.push(line);
      return { kind: 'more' };
    }
    if (!this.within && line.trimStart().startsWith('/')) return readCommand(line.trim());
    return this.finish(line);
  }

  /** Forgets what has been begun. */
  reset(): void {
    this.lines = [];
    this.quoted = false;
  }

  private takeQuoted(line: string): Input {
    const text = line.trimEnd();
    if (text.endsWith(QUOTES)) return this.finish(text.slice(0, -QUOTES.length));
    this.lines.push(line);
    return { kind: 'more' };
  }

  private finish(line: string): Input {
    const text = [...this.lines, line].join('\n').trim();
    this.reset();
    return text === '' ? { kind: 'nothing' } : { kind: 'message', text };
  }
}

/** A path such as `/tmp/cat.png what is this` is no command. */
function readCommand(line: string): Input {
  const [, name = '', rest = ''] = /^(\S+)\s*([\s\S]*)$/.exec(line) ?? [];
  if (name.indexOf('/', 1) !== -1) return { kind: 'message', text: line };
  return { kind: 'command', name: name.toLowerCase(), rest: rest.trim() };
}
