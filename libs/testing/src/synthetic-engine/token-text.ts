/** The text of token number `index`, counted from 1. */
export function syntheticToken(index: number): string {
  return index === 1 ? 't1' : ` t${index}`;
}

/** The whole text of an answer of that many tokens: `t1 t2 t3`. */
export function syntheticText(tokens: number): string {
  return Array.from({ length: tokens }, (_, index) => syntheticToken(index + 1)).join('');
}
