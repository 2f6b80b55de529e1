/** How an answer differs from what the same request is answered with undisturbed. */
export interface Difference {
  readonly bytesLost: number;
  readonly bytesRepeated: number;
  /** Something stands there that was never said. */
  readonly wrong: boolean;
  /** The first place that differs; absent when there is none. */
  readonly detail?: string;
}

export const NO_DIFFERENCE: Difference = { bytesLost: 0, bytesRepeated: 0, wrong: false };

type Edit =
  { readonly kind: 'missing'; readonly text: string } | { readonly kind: 'added'; readonly text: string };

/**
 * Compares the events of two answers: what is missing is lost, what stands there once more although it had been said
 * before is repeated, anything else is wrong. An event that is there with other bytes is wrong and not lost.
 */
export function compareAnswers(expected: readonly string[], actual: readonly string[]): Difference {
  const start = commonLength(expected, actual);
  if (start === expected.length && start === actual.length) return NO_DIFFERENCE;
  const end = Math.min(
    commonLength(expected.toReversed(), actual.toReversed()),
    Math.min(expected.length, actual.length) - start,
  );
  const said = new Set(expected);
  const edits = editsBetween(
    expected.slice(start, expected.length - end),
    actual.slice(start, actual.length - end),
  );
  const missing = edits.filter(({ kind }) => kind === 'missing').map(({ text }) => text);
  const added = edits.filter(({ kind }) => kind === 'added').map(({ text }) => text);
  const unknown = added.filter((text) => !said.has(text));
  // One that was never said stands for one that is missing.
  const lost = missing.slice(Math.min(unknown.length, missing.length));
  return {
    bytesLost: bytesOf(lost),
    bytesRepeated: bytesOf(added.filter((text) => said.has(text))),
    wrong: unknown.length > 0,
    detail: `event ${start + 1} of ${expected.length} ${describe(expected[start], actual[start])}; ${actual.length} events came`,
  };
}

function commonLength(left: readonly string[], right: readonly string[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) if (left[index] !== right[index]) return index;
  return length;
}

/** The fewest events to leave out and to add, by longest common subsequence. */
function editsBetween(expected: readonly string[], actual: readonly string[]): Edit[] {
  const width = actual.length + 1;
  const common = new Uint32Array((expected.length + 1) * width);
  const at = (i: number, j: number): number => common[i * width + j] ?? 0;
  for (let i = expected.length - 1; i >= 0; i--) {
    for (let j = actual.length - 1; j >= 0; j--) {
      common[i * width + j] =
        expected[i] === actual[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const edits: Edit[] = [];
  let [i, j] = [0, 0];
  while (i < expected.length || j < actual.length) {
    const [wanted, found] = [expected[i], actual[j]];
    if (wanted !== undefined && wanted === found) {
      i++;
      j++;
    } else if (wanted !== undefined && (found === undefined || at(i + 1, j) >= at(i, j + 1))) {
      edits.push({ kind: 'missing', text: wanted });
      i++;
    } else {
      edits.push({ kind: 'added', text: found ?? '' });
      j++;
    }
  }
  return edits;
}

function bytesOf(events: readonly string[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(event), 0);
}

const SHOWN_BEFORE = 20;
const SHOWN = 100;

/** Shows both from shortly before the place where they part. */
function describe(expected: string | undefined, actual: string | undefined): string {
  const [left, right] = [Array.from(expected ?? ''), Array.from(actual ?? '')];
  const from = Math.max(0, commonLength(left, right) - SHOWN_BEFORE);
  const show = (text: string | undefined): string =>
    text === undefined ? 'nothing' : `${from > 0 ? '…' : ''}${text.slice(from, from + SHOWN)}`;
  return `should be ${show(expected)} and is ${show(actual)}`;
}
