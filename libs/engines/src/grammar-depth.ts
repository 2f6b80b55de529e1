/** llama.cpp reads a grammar by recursion and has no bound of its own: a deep one ends the process of everybody. */
export const GRAMMAR_DEPTH_LIMIT = 256;

/** How deep the brackets of a GBNF grammar stand in each other; quoted and escaped ones count too, to be safe. */
export function grammarDepth(grammar: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of grammar) {
    if (character === '(') deepest = Math.max(deepest, ++depth);
    else if (character === ')') depth = Math.max(0, depth - 1);
  }
  return deepest;
}
