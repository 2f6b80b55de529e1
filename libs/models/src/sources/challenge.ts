/** One demand of a `WWW-Authenticate` header. Scheme and parameter names are lower case. */
export interface Challenge {
  readonly scheme: string;
  readonly parameters: Readonly<Record<string, string>>;
}

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const SEPARATOR = /[ \t,]*/y;
const EQUALS = /[ \t]*=[ \t]*/y;
/** Longer headers are cut: no registry sends one, and the parser's work stays bounded. */
const HEADER_LIMIT = 16_384;

/**
 * Takes a `WWW-Authenticate` header apart: several challenges in one header, quoted commas, empty elements. What
 * cannot be read ends the parsing; the challenges before it count.
 */
export function parseChallenges(header: string): Challenge[] {
  const scanner = new Scanner(header.slice(0, HEADER_LIMIT));
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  for (;;) {
    scanner.match(SEPARATOR);
    const word = scanner.match(TOKEN)?.[0].toLowerCase();
    if (word === undefined) return challenges;
    if (!scanner.match(EQUALS)) {
      challenges.push({ scheme: word, parameters: {} });
      continue;
    }
    const quoted = scanner.match(QUOTED)?.[1]?.replaceAll(/\\(.)/g, '$1');
    const value = quoted ?? scanner.match(TOKEN)?.[0];
    const current = challenges.at(-1);
    if (value === undefined || !current) return challenges;
    current.parameters[word] ??= value;
  }
}

class Scanner {
  private position = 0;

  constructor(private readonly text: string) {}

  match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.position;
    const match = pattern.exec(this.text);
    if (!match) return undefined;
    this.position = pattern.lastIndex;
    return match;
  }
}
