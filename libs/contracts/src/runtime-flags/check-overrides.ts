const KEY = /^[a-zA-Z_]\w*$/;
const DEEPEST = 16;

/**
 * Whether members of a model's `config.json` may be replaced by these: every key at every depth must be a plain name.
 * @returns what is wrong, in a sentence; undefined when nothing is
 */
export function checkOverrides(overrides: Readonly<Record<string, unknown>>): string | undefined {
  return checkValue(overrides, 0);
}

function checkValue(value: unknown, depth: number): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (depth > DEEPEST) return `The overrides are nested more than ${DEEPEST} levels deep.`;
  if (Array.isArray(value)) return firstProblem(value, depth);
  const odd = Object.keys(value).find((key) => !KEY.test(key));
  if (odd !== undefined)
    return `The override ${JSON.stringify(odd.slice(0, 100))} is no plain name: letters, digits and "_" only, and no digit first.`;
  return firstProblem(Object.values(value), depth);
}

function firstProblem(values: readonly unknown[], depth: number): string | undefined {
  for (const value of values) {
    const problem = checkValue(value, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
