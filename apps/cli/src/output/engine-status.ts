const ORDER = ['Running', 'Error', 'Not Installed', 'Installing'] as const;

export const STATUS_HEADER: readonly string[] = ['BACKEND', 'STATUS', 'DETAILS'];

/** What `GET /engines/status` says, those that run first. Words of no known state are shown as an error. */
export function engineRows(engines: Readonly<Record<string, string>>): string[][] {
  return Object.entries(engines)
    .map(([name, text]) => [name, ...splitStatus(text)])
    .toSorted(([leftName = '', left = ''], [rightName = '', right = '']) => {
      const byState = placeOf(left) - placeOf(right);
      return byState === 0 ? leftName.localeCompare(rightName) : byState;
    });
}

function splitStatus(text: string): [string, string] {
  const state = ORDER.find((known) => text === known || text.startsWith(`${known}:`));
  return state === undefined ? ['Error', text] : [state, text.slice(state.length + 1).trim()];
}

function placeOf(state: string): number {
  const place = ORDER.findIndex((known) => known === state);
  return place === -1 ? ORDER.length : place;
}
