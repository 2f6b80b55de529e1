import { InvalidReference, parseModelReference } from '#contracts';

/**
 * Whether a stored tag is meant by what was typed: the same model by the rules of references, any tag of it when none
 * is typed; or a model of that name in any organisation.
 */
export function modelFilter(typed: string, defaultRegistry: string): (tag: string) => boolean {
  const wanted = read(typed, defaultRegistry);
  const bare = typed.includes('/') ? undefined : typed.toLowerCase().split(':')[0];
  const anyTag = !/:[^/]*$/.test(typed);
  return (tag) => {
    const known = read(tag, defaultRegistry);
    if (known === undefined || wanted === undefined) return tag === typed;
    const sameModel = known.registry === wanted.registry && known.repository === wanted.repository;
    const sameName = bare !== undefined && known.repository.split('/').at(-1) === bare;
    return (sameModel || sameName) && (anyTag || known.tag === wanted.tag);
  };
}

/**
 * The name by which requests find the model that `GET /models/{typed}` has answered: that route alone finds a bare name
 * in any organisation.
 */
export function nameToAskBy(typed: string, tags: readonly string[], defaultRegistry: string): string {
  const wanted = read(typed, defaultRegistry);
  const isWanted = (tag: string): boolean => {
    const known = read(tag, defaultRegistry);
    return known !== undefined && wanted !== undefined && sameReference(known, wanted);
  };
  if (tags.some(isWanted)) return typed;
  return tags.find(modelFilter(typed, defaultRegistry)) ?? typed;
}

type Reference = ReturnType<typeof parseModelReference>;

function sameReference(left: Reference, right: Reference): boolean {
  return left.registry === right.registry && left.repository === right.repository && left.tag === right.tag;
}

function read(text: string, defaultRegistry: string): Reference | undefined {
  try {
    return parseModelReference(text, defaultRegistry);
  } catch (error) {
    if (error instanceof InvalidReference) return undefined;
    throw error;
  }
}
