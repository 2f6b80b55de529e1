import { stripVTControlCharacters } from 'node:util';

const COLOURS = [36, 33, 35, 32, 34, 96, 93, 95, 92, 94];

export interface LinePrefix {
  readonly name: string;
  /** Position among all processes; decides the colour. */
  readonly index: number;
  /** Characters of the longest name. */
  readonly width: number;
  readonly colours: boolean;
}

/** One line of a process as the terminal shows it: `gateway-1 | …`. */
export function prefixLine(line: string, { name, index, width, colours }: LinePrefix): string {
  const label = `${name.padEnd(width)} |`;
  if (!colours) return `${label} ${stripVTControlCharacters(line)}`;
  const colour = COLOURS[index % COLOURS.length] ?? 0;
  return `\u001B[${colour}m${label}\u001B[0m ${line}`;
}
