import { type CatalogueModel, InvalidReference, parseModelId, parseModelReference } from '#contracts';

/** A reference has a tag or a digest behind its last slash. */
const PINNED = /[:@][^/]*$/;

/** The models that an API key may name: patterns such as `ai/*`, filled in as references are. */
export class ModelPatterns {
  private readonly patterns: readonly string[];

  constructor(
    patterns: readonly string[],
    private readonly defaultRegistry: string,
  ) {
    this.patterns = patterns.flatMap((pattern) => fillIn(pattern.toLowerCase(), defaultRegistry));
  }

  /** Whether a name may be given to something, such as a model that is to be pulled. An id is no name. */
  allowsName(text: string): boolean {
    if (parseModelId(text) !== undefined) return false;
    try {
      return this.matches(parseModelReference(text, this.defaultRegistry).name);
    } catch (error) {
      if (error instanceof InvalidReference) return false;
      throw error;
    }
  }

  /** A model is allowed when any of its names is. */
  allowsModel({ tags }: Pick<CatalogueModel, 'tags'>): boolean {
    return tags.some((tag) => this.matches(tag));
  }

  private matches(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.patterns.some((pattern) => matchesGlob(pattern, wanted));
  }
}

/** What a pattern leaves out is as in references, but without a tag it means all tags. */
function fillIn(text: string, defaultRegistry: string): readonly string[] {
  if (/^\*+$/.test(text)) return ['*'];
  const pattern = text.replace(/^hf\.co\//, 'huggingface.co/');
  const slash = pattern.indexOf('/');
  const first = slash === -1 ? '' : pattern.slice(0, slash);
  const named = first === 'localhost' || /[.:*]/.test(first);
  const path = slash === -1 ? `ai/${pattern}` : pattern;
  const whole = named ? path : `${defaultRegistry.toLowerCase()}/${path}`;
  return PINNED.test(whole) ? [whole] : [`${whole}:*`, `${whole}@*`];
}

/** `*` stands for any characters, also none. Takes time in proportion to the text, whatever the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  const parts = pattern.split('*');
  const first = parts.shift() ?? '';
  const last = parts.pop();
  if (last === undefined) return pattern === text;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length)
    return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}
