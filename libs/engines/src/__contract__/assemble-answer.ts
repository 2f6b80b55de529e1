import type { SseEvent } from '#testing';
import { expect } from 'vitest';

interface Delta {
  readonly role?: string;
  readonly content?: string | null;
  readonly reasoning_content?: string | null;
  readonly tool_calls?: readonly {
    readonly index: number;
    readonly id?: string;
    readonly type?: string;
    readonly function?: { readonly name?: string; readonly arguments?: string };
  }[];
}

interface Chunk {
  readonly id: string;
  readonly model: string;
  readonly object: string;
  readonly usage?: {
    readonly prompt_tokens: number;
    readonly completion_tokens: number;
    readonly total_tokens: number;
  };
  readonly choices: readonly {
    readonly index: number;
    readonly finish_reason: string | null;
    readonly text?: string;
    readonly delta?: Delta;
    readonly logprobs?: { readonly content?: readonly { readonly token: string }[] } | null;
  }[];
}

/**
 * All that the events of an answer say, without how it is cut into events and without what is drawn anew each time.
 * Things that must be said once show when they are not. Fails when the answer is not one answer.
 */
export function assembleAnswer(events: readonly SseEvent[]): object {
  const data = events.flatMap((event) => event.data ?? []);
  expect(data.indexOf('[DONE]'), 'where [DONE] is').toBe(data.length - 1);
  const chunks = data.slice(0, -1).flatMap((text) => (JSON.parse(text) as Chunk | null) ?? []);
  const identities = chunks.map(({ id, model, object }) => `${id} ${model} ${object}`);
  expect(new Set(identities).size, 'identities of the answer').toBe(1);
  const usages = chunks.flatMap(({ usage }) => usage ?? []);
  return {
    object: chunks[0]?.object,
    model: chunks[0]?.model,
    usages: usages.map((usage) => [usage.prompt_tokens, usage.completion_tokens, usage.total_tokens]),
    choices: assembleChoices(chunks),
  };
}

function assembleChoices(chunks: readonly Chunk[]): object[] {
  const pieces = chunks.flatMap(({ choices }) => choices);
  const indexes = [...new Set(pieces.map(({ index }) => index))].toSorted((a, b) => a - b);
  return indexes.map((index) => {
    const own = pieces.filter((piece) => piece.index === index);
    const deltas = own.flatMap(({ delta }) => delta ?? []);
    return {
      roles: deltas.flatMap(({ role }) => role ?? []),
      content: deltas.map(({ content }) => content ?? '').join(''),
      reasoning: deltas.map((delta) => delta.reasoning_content ?? '').join(''),
      text: own.map(({ text }) => text ?? '').join(''),
      calls: assembleCalls(deltas),
      // The token that ends a text is listed for one route only, and has no text.
      logprobs: own
        .flatMap(({ logprobs }) => logprobs?.content?.map(({ token }) => token) ?? [])
        .filter(Boolean),
      finishReasons: own.flatMap(({ finish_reason: reason }) => reason ?? []),
    };
  });
}

function assembleCalls(deltas: readonly Delta[]): object[] {
  const pieces = deltas.flatMap((delta) => delta.tool_calls ?? []);
  const indexes = [...new Set(pieces.map(({ index }) => index))];
  return indexes.map((index) => {
    const own = pieces.filter((piece) => piece.index === index);
    return {
      index,
      ids: own.filter(({ id }) => id !== undefined).length,
      types: own.flatMap(({ type }) => type ?? []),
      names: own.flatMap((piece) => piece.function?.name ?? []),
      arguments: own.map((piece) => piece.function?.arguments ?? '').join(''),
    };
  });
}
