import type { Sampling } from '../run/chat-request.js';

/** What `/set` asks for. */
export type Setting =
  | { readonly kind: 'system'; readonly text: string }
  | { readonly kind: 'context'; readonly tokens: number }
  | { readonly kind: 'sampling'; readonly name: string; readonly sampling: Sampling }
  | { readonly kind: 'history'; readonly kept: boolean }
  | { readonly kind: 'thinking'; readonly shown: boolean }
  | { readonly kind: 'unusable'; readonly message: string };

interface Rule {
  readonly member: keyof Sampling;
  readonly least: number;
  readonly most: number;
  readonly whole: boolean;
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['temperature', { member: 'temperature', least: 0, most: 100, whole: false }],
  ['top_p', { member: 'topP', least: 0, most: 1, whole: false }],
  ['max_tokens', { member: 'maxTokens', least: 1, most: 1e9, whole: true }],
  ['seed', { member: 'seed', least: 0, most: Number.MAX_SAFE_INTEGER, whole: true }],
]);

export const SET_HELP = `/set system TEXT        what the model is told before anything else; without TEXT, nothing
/set num_ctx N          room for N tokens; the model is loaded again for it, for everybody
/set temperature X      how freely words are chosen, from 0
/set top_p X            only the likeliest words, from 0 to 1
/set max_tokens N       tokens of an answer at most
/set seed N             makes answers repeatable
/set nohistory          do not keep what is typed; /set history does again
/set nothink            do not show what the model thinks; /set think does again`;

/** @param text behind `/set`; `parameter` in front of a name makes no difference */
export function readSetting(text: string): Setting {
  const [, name = '', rest = ''] = /^(\S*)\s*([\s\S]*)$/.exec(text.replace(/^parameter\s+/i, '')) ?? [];
  switch (name.toLowerCase()) {
    case 'system':
      return { kind: 'system', text: unquoted(rest) };
    case 'num_ctx':
      return /^[1-9]\d{0,8}$/.test(rest)
        ? { kind: 'context', tokens: Number(rest) }
        : { kind: 'unusable', message: 'num_ctx must be a whole number above 0, such as /set num_ctx 8192.' };
    case 'history':
    case 'nohistory':
      return { kind: 'history', kept: name.toLowerCase() === 'history' };
    case 'think':
    case 'nothink':
      return { kind: 'thinking', shown: name.toLowerCase() === 'think' };
    case '':
      return { kind: 'unusable', message: SET_HELP };
    default:
      return readSampling(name.toLowerCase(), rest);
  }
}

function readSampling(name: string, text: string): Setting {
  const rule = RULES.get(name);
  if (rule === undefined) return { kind: 'unusable', message: `There is no "${name}" to set.\n${SET_HELP}` };
  const value = Number(text);
  const { member, least, most, whole } = rule;
  if (text !== '' && value >= least && value <= most && (!whole || Number.isInteger(value)))
    return { kind: 'sampling', name, sampling: { [member]: value } };
  const what = whole ? 'a whole number' : 'a number';
  const range = most >= 1e9 ? `of at least ${least}` : `from ${least} to ${most}`;
  return { kind: 'unusable', message: `${name} must be ${what} ${range}.` };
}

function unquoted(text: string): string {
  const [, inner] = /^"([\s\S]*)"$/.exec(text) ?? [];
  return (inner ?? text).trim();
}
