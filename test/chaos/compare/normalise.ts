/**
 * Members that two runs of one request may differ in, each with the comma that parts it from its neighbours. In JSON
 * text nothing else can look like them: quotes within strings are escaped.
 */
const TIME_AND_PLACE = [
  member('"created":\\d+'),
  member('"system_fingerprint":"[^"]*"'),
  member('"timings":\\{[^{}]*\\}'),
  // How much of a prompt the engine still had from a request before.
  member('"prompt_tokens_details":\\{"cached_tokens":\\d+\\}'),
];
const ID = member('"id":"([^"]*)"');
const MODEL = /"model":"([^"]*)"/g;

/**
 * The texts of one answer with nothing left that may differ between two runs of its request. Ids and models' names
 * become numbers in the order they come, so that an answer that changes its id, or gives one id to two tool calls,
 * stays different.
 */
export function normalise(texts: readonly string[]): string[] {
  const names = new Map<string, number>();
  const numberOf = (name: string): number => {
    const number = names.get(name) ?? names.size + 1;
    names.set(name, number);
    return number;
  };
  return texts.map((text) => {
    const ids: number[] = [];
    const rest = TIME_AND_PLACE.reduce((known, pattern) => known.replace(pattern, ''), text)
      .replace(ID, (_, first?: string, second?: string) => {
        ids.push(numberOf(`id ${first ?? second}`));
        return '';
      })
      .replace(MODEL, (_, model: string) => `"model":"${numberOf(`model ${model}`)}"`);
    return ids.length === 0 ? rest : `${rest} id ${ids.join(', ')}`;
  });
}

function member(pattern: string): RegExp {
  return new RegExp(`,${pattern}|${pattern},`, 'g');
}
