/** A place in a prompt that names a file. */
export interface FileReference {
  /** What stands in the prompt, of which `start` is the first character. */
  readonly text: string;
  readonly start: number;
  /** Paths to try, in this order: what ends a path may be punctuation. */
  readonly paths: readonly string[];
  /** `image`: without `@`, so that it is meant only if there is an image of that name. */
  readonly kind: 'quoted' | 'marked' | 'image';
}

const MARKED = /(?<=^|[\s(])@(?:"(?<double>[^"\n]+)"|'(?<single>[^'\n]+)'|(?<plain>[^\s"']+))/g;
const IMAGE =
  /(?<=^|\s)(?:"(?<double>[^"\n]+\.(?:png|jpe?g|webp|gif))"|(?<plain>(?!@)[^\s"']+\.(?:png|jpe?g|webp|gif))(?=$|[\s.,;:!?)]))/gi;
const PUNCTUATION = /[.,;:!?)\]]+$/;

/** Where a prompt names files, in its order: `@notes.txt`, `@"my notes.txt"`, and images also without `@`. */
export function findReferences(prompt: string): FileReference[] {
  const marked = [...prompt.matchAll(MARKED)].map((match) => describe(match, 'marked'));
  const images = [...prompt.matchAll(IMAGE)].map((match) => describe(match, 'image'));
  return [...marked, ...images].toSorted((a, b) => a.start - b.start);
}

function describe(match: RegExpExecArray, kind: 'marked' | 'image'): FileReference {
  const { double, single, plain = '' } = match.groups ?? {};
  const quoted = double ?? single;
  const bare = plain.replace(PUNCTUATION, '');
  return {
    text: match[0],
    start: match.index,
    paths: quoted === undefined ? [plain, ...(bare === plain || bare === '' ? [] : [bare])] : [quoted],
    kind: quoted !== undefined && kind === 'marked' ? 'quoted' : kind,
  };
}
