import type { ClientConfig } from '../client-config.js';

/** Marks for a terminal; each returns its text as it is when there are to be no colours. */
export interface Colours {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** NO_COLOR over FORCE_COLOR over whether the stream is a terminal. */
export function wantsColours(
  stream: { readonly isTTY?: boolean },
  { noColor, forceColor }: Pick<ClientConfig, 'noColor' | 'forceColor'>,
): boolean {
  if (noColor !== '') return false;
  if (forceColor !== '') return !['0', 'false'].includes(forceColor.toLowerCase());
  return stream.isTTY === true;
}

export function coloursFor(enabled: boolean): Colours {
  const mark =
    (open: number, close: number) =>
    (text: string): string =>
      enabled ? `\u001b[${open}m${text}\u001b[${close}m` : text;
  return {
    bold: mark(1, 22),
    dim: mark(2, 22),
    red: mark(31, 39),
    green: mark(32, 39),
    yellow: mark(33, 39),
    cyan: mark(36, 39),
  };
}
