/** What two runs of one request may differ in. In JSON text no other place can look like these: quotes are escaped. */
const TIME_AND_PLACE: readonly (readonly [RegExp, string])[] = [
  [/"created":\d+/g, '"created":0'],
  [/"system_fingerprint":"[^"]*"/g, '"system_fingerprint":""'],
  [/"timings":\{[^{}]*\}/g, '"timings":{}'],
  // How much of a prompt the engine still had from a request before.
  [/"cached_tokens":\d+/g, '"cached_tokens":0'],
];
const NAME = /"(id|model)":"([^"]*)"/g;

/**
 * The texts of one answer with nothing left that may differ between two runs of its request. Ids and models'
 * names become numbers in the order they come, so that an answer that changes its id, or gives one id to two tool calls,
 * stays different.
 */
export function normalise(texts: readonly string[]): string[] {
  const names = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = names.get(name) ?? names.size + 1;
    names.set(name, number);
    return number;
  };
  return texts.map((text) =>
    TIME_AND_PLACE.reduce((known, [pattern, instead]) => known.replace(pattern, instead), text).replace(
      NAME,
      (_, kind: string, name: string) => `"${kind}":"${numberOf(`${kind} ${name}`)}"`,
    ),
  );
}
