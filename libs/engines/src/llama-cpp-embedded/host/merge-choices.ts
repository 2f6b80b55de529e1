import type { AnswerEnd, AnswerPiece, WrittenParts } from './written-answer.js';

export type ChoiceEvent = { readonly index: number } & (
  { readonly kind: 'piece'; readonly piece: AnswerPiece } | { readonly kind: 'end'; readonly end: AnswerEnd }
);

/**
 * The pieces of several answers as they come, and the end of each. When one fails, all end with its error; when the
 * reader leaves, all end.
 */
export async function* mergeChoices(
  choices: readonly WrittenParts[],
): AsyncGenerator<ChoiceEvent, void, void> {
  const ask = async (index: number): Promise<ChoiceEvent> => {
    const choice = choices[index];
    if (choice === undefined) throw new Error(`There is no choice ${index}.`);
    const next = await choice.next();
    return next.done === true
      ? { index, kind: 'end', end: next.value }
      : { index, kind: 'piece', piece: next.value };
  };
  const open = new Map(choices.map((_, index) => [index, ask(index)]));
  try {
    while (open.size > 0) {
      const event = await Promise.race(open.values());
      if (event.kind === 'end') open.delete(event.index);
      else open.set(event.index, ask(event.index));
      yield event;
    }
  } finally {
    // Whoever failed beside the first has nobody to tell.
    for (const pending of open.values()) pending.catch(() => undefined);
    await Promise.all(choices.map((choice) => choice.return(undefined as never).catch(() => undefined)));
  }
}
