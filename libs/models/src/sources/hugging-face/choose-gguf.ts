import { SourceError } from '../source-error.js';
import { notFound } from './hub-failure.js';
import type { GgufGroup } from './gguf-groups.js';
import { nameOf } from './hub-file.js';

/** Tags that leave the choice to us. */
const NO_CHOICE = ['latest', 'main'];
const PREFERRED = ['Q4_K_M', 'Q8_0'];
/** More than a person reads. */
const LISTED = 60;

export function isDefaultTag(tag: string): boolean {
  return NO_CHOICE.includes(tag.toLowerCase());
}

/**
 * Chooses the model that a tag means. A quantization must be named whole, in any case; where two models have the same
 * one, the file name (without `.gguf`) chooses. Without a tag: the only model there is, else `Q4_K_M`, else `Q8_0`, else the first
 * quantization by name.
 * @param repository for the message.
 * @throws SourceError `not-found` or `invalid`, listing what there is.
 */
export function chooseGguf(groups: readonly GgufGroup[], tag: string, repository: string): GgufGroup {
  const matches = isDefaultTag(tag) ? defaults(groups) : named(groups, tag);
  const [choice, ...others] = matches;
  if (choice === undefined) {
    throw notFound(`${repository} has no ${tag}. It has ${list(labels(groups))}.`);
  }
  if (others.length > 0) {
    const names = matches.map(({ path }) => nameOf(path));
    const which =
      new Set(names).size === names.length
        ? `Ask for one of them by name: ${list(names)}.`
        : `They cannot be told apart by a tag: ${list(matches.map(({ path }) => path))}.`;
    const what = choice.label === undefined ? 'models' : `models with quantization ${choice.label}`;
    throw new SourceError('invalid', `${repository} has ${matches.length} ${what}. ${which}`);
  }
  if (choice.files.length !== choice.total) {
    throw new SourceError(
      'unsupported',
      `${repository} is incomplete: of ${nameOf(choice.path)} it has ${choice.files.length} of ${choice.total} files.`,
    );
  }
  return choice;
}

function named(groups: readonly GgufGroup[], tag: string): readonly GgufGroup[] {
  const wanted = tag.toUpperCase();
  const byLabel = groups.filter(({ label }) => label === wanted);
  if (byLabel.length > 0) return byLabel;
  const name = wanted.replace(/\.GGUF$/, '').replace(/-\d{5}-OF-\d{5}$/, '');
  return groups.filter(({ path }) => nameOf(path).toUpperCase() === name);
}

function defaults(groups: readonly GgufGroup[]): readonly GgufGroup[] {
  if (groups.length === 1) return groups;
  for (const label of PREFERRED) {
    const matches = groups.filter((group) => group.label === label);
    if (matches.length > 0) return matches;
  }
  const [first] = groups
    .map(({ label }) => label ?? '')
    .filter(Boolean)
    .sort();
  return groups.filter(({ label }) => label === first);
}

/** What a tag can say, by name. */
function labels(groups: readonly GgufGroup[]): string[] {
  return [...new Set(groups.map(({ label, path }) => label ?? nameOf(path)))].sort();
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, LISTED).join(', ');
  return names.length > LISTED ? `${shown} and ${names.length - LISTED} more` : shown;
}
