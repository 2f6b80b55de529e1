const NAMES: readonly string[] = ['name'];
const ARGUMENTS: readonly string[] = ['arguments', 'parameters'];
/** What models write beside the two. */
const OTHERS: readonly string[] = ['id', 'type', 'tool_call_id'];

type Place = 'start' | 'key' | 'colon' | 'value' | 'comma' | 'done' | 'failed';

/** Follows one JSON value through a text that arrives in pieces, without reading it. */
export class JsonValueScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #started = false;

  /**
   * `inside`: the character belongs to the value, which goes on; `last`: it ends it; `after`: the value, a number or a
   * word, has ended before it; `wrong`: no JSON.
   */
  take(character: string): 'inside' | 'last' | 'after' | 'wrong' {
    if (this.#inString) return this.#takeInString(character);
    if (character === '"') {
      if (this.#started && this.#depth === 0) return 'wrong';
      this.#started = this.#inString = true;
      return 'inside';
    }
    if (character === '{' || character === '[') {
      if (this.#started && this.#depth === 0) return 'wrong';
      this.#started = true;
      this.#depth += 1;
      return 'inside';
    }
    if (this.#depth > 0) {
      if (character === '}' || character === ']') this.#depth -= 1;
      return this.#depth === 0 ? 'last' : 'inside';
    }
    if (/[-+.0-9a-zA-Z]/.test(character)) {
      this.#started = true;
      return 'inside';
    }
    if (this.#started) return 'after';
    return /\s/.test(character) ? 'inside' : 'wrong';
  }

  #takeInString(character: string): 'inside' | 'last' {
    if (this.#escaped) this.#escaped = false;
    else if (character === '\\') this.#escaped = true;
    else if (character === '"') {
      this.#inString = false;
      return this.#depth === 0 ? 'last' : 'inside';
    }
    return 'inside';
  }
}

/**
 * Reads `{"name": …, "arguments": {…}}` from a text that arrives in pieces, its members in any order, and hands the
 * arguments on as they come.
 */
export class CallScanner {
  #place: Place = 'start';
  #key = '';
  #value = '';
  #scanner = new JsonValueScanner();
  #name: string | undefined;
  #held = '';
  #hasArguments = false;

  get name(): string | undefined {
    return this.#name;
  }

  get state(): 'open' | 'done' | 'failed' {
    return this.#place === 'done' || this.#place === 'failed' ? this.#place : 'open';
  }

  /** How many characters it has taken; fewer than all when the object has ended or is none. */
  push(text: string): number {
    let taken = 0;
    for (const character of text) {
      if (this.state !== 'open') break;
      this.#take(character);
      taken += character.length;
    }
    return taken;
  }

  /** New arguments, once the name is known. A call without any has an empty object. */
  takeArguments(): string {
    if (this.#name === undefined) return '';
    const text = this.#place === 'done' && !this.#hasArguments ? '{}' : this.#held;
    this.#hasArguments ||= this.#place === 'done';
    this.#held = '';
    return text;
  }

  #take(character: string): void {
    switch (this.#place) {
      case 'start':
        if (character === '{') this.#place = 'key';
        else if (!isSpace(character)) this.#place = 'failed';
        return;
      case 'key':
        return this.#takeKey(character);
      case 'colon':
        if (character === ':') this.#beginValue();
        else if (!isSpace(character)) this.#place = 'failed';
        return;
      case 'value':
        return this.#takeValue(character);
      default:
        if (character === ',') this.#place = 'key';
        else if (character === '}') this.#place = this.#name === undefined ? 'failed' : 'done';
        else if (!isSpace(character)) this.#place = 'failed';
    }
  }

  #takeKey(character: string): void {
    if (this.#key === '' && isSpace(character)) return;
    this.#key += character;
    if (!this.#key.startsWith('"')) this.#place = 'failed';
    else if (this.#key.length > 1 && character === '"') {
      this.#key = this.#key.slice(1, -1);
      const known = [...NAMES, ...ARGUMENTS, ...OTHERS].includes(this.#key);
      this.#place = known ? 'colon' : 'failed';
    }
  }

  #beginValue(): void {
    this.#place = 'value';
    this.#value = '';
    this.#scanner = new JsonValueScanner();
  }

  #takeValue(character: string): void {
    if (this.#value === '' && isSpace(character)) return;
    const taken = this.#scanner.take(character);
    if (taken === 'wrong') {
      this.#place = 'failed';
      return;
    }
    if (taken !== 'after') this.#add(character);
    if (taken === 'inside') return;
    this.#endValue();
    if (taken === 'after' && this.state === 'open') this.#take(character);
  }

  /** Arguments are handed on as they come, unless they are written as a string. */
  #add(character: string): void {
    const streams = ARGUMENTS.includes(this.#key) && !this.#value.startsWith('"') && character !== '"';
    const goesOn = ARGUMENTS.includes(this.#key) && this.#value !== '' && !this.#value.startsWith('"');
    if (streams || goesOn) {
      this.#hasArguments = true;
      this.#held += character;
      this.#value ||= character;
    } else {
      this.#value += character;
    }
  }

  #endValue(): void {
    this.#place = 'comma';
    const isArguments = ARGUMENTS.includes(this.#key);
    if (NAMES.includes(this.#key) || (isArguments && this.#value.startsWith('"'))) {
      const value = parseString(this.#value);
      if (value === undefined || value === '') this.#place = 'failed';
      else if (isArguments) {
        this.#hasArguments = true;
        this.#held += value;
      } else this.#name = value;
    }
    this.#key = '';
  }
}

function parseString(json: string): string | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function isSpace(character: string): boolean {
  return /\s/.test(character);
}
