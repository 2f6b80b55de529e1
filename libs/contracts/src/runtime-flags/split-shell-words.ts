/** Text that a shell would not take apart either. The message is a sentence. */
export class UnfinishedWords extends Error {
  override readonly name = 'UnfinishedWords';
}

const SPACE = /\s/;

/**
 * Takes a command line apart as a POSIX shell does, without expanding anything: blanks separate, single quotes keep
 * everything, double quotes keep all but `\"`, `\\`, `\$` and a backquote, a backslash keeps the next character.
 * @throws UnfinishedWords when a quote is not closed or a backslash stands last
 */
export function splitShellWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (SPACE.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else if (character === "'" || character === '"') {
      const { content, end } = readQuoted(text, at);
      word = (word ?? '') + content;
      at = end;
    } else if (character === '\\') {
      at += 1;
      if (at === text.length) throw new UnfinishedWords('A backslash stands at the end.');
      word = (word ?? '') + text.charAt(at);
    } else {
      word = (word ?? '') + character;
    }
  }
  if (word !== undefined) words.push(word);
  return words;
}

interface Quoted {
  readonly content: string;
  /** Where the closing quote stands. */
  readonly end: number;
}

function readQuoted(text: string, begin: number): Quoted {
  const quote = text.charAt(begin);
  let content = '';
  for (let at = begin + 1; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === quote) return { content, end: at };
    const next = text.charAt(at + 1);
    if (quote === '"' && character === '\\' && next !== '' && '"\\$`'.includes(next)) {
      content += next;
      at += 1;
    } else {
      content += character;
    }
  }
  throw new UnfinishedWords(`A quote ${quote} is not closed.`);
}
