/** Routes on which an engine generates text. */
export const GENERATING_ROUTES: ReadonlySet<string> = new Set(['/v1/chat/completions', '/v1/completions']);

/** The members of a request's JSON object; undefined when the text is no such object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Adds members to the text of a JSON object, whose own text stays byte for byte. Members at the end win over earlier
 * ones of the same name.
 * @param members without the brackets, such as `"stream":true`
 */
export function withMembers(text: string, members: string): string {
  const end = text.lastIndexOf('}');
  const head = text.slice(0, end).trimEnd();
  return head.endsWith('{') && head.trimStart() === '{' ? `{${members}}` : `${head},${members}}`;
}
