import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import {
  METADATA_FIELDS,
  OUTPUT_CONFIG_FIELDS,
  THINKING_FIELDS,
  TOOL_CHOICE_FIELDS,
  TOOL_FIELDS,
} from './__fixtures__/nested-fields.js';
import { decodeRequest } from './decode-request.js';
import { BLOCK_FIELDS, BODY_FIELDS, type Fates, MESSAGE_FIELDS, REFUSED } from './request-fields.js';

const RESOURCES = new URL('../../../../../node_modules/@anthropic-ai/sdk/resources/', import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, RESOURCES), 'utf8');

/** The API as its own library declares it, and what of it is still tried out. */
const STABLE = { text: read('messages/messages.d.ts'), prefix: '' };
const BETA = { text: read('beta/messages/messages.d.ts'), prefix: 'Beta' };
const BOTH = [STABLE, BETA];

/** Names of the members of an interface. */
function membersOf(text: string, name: string): readonly string[] {
  const declared = new RegExp(`^export interface ${name} (?:extends \\w+ )?\\{\\n([\\s\\S]*?)^\\}`, 'm').exec(
    text,
  );
  if (declared === null) throw new Error(`The library declares no ${name}.`);
  return [...(declared[1] ?? '').matchAll(/^ {4}(\w+)\??:/gm)].map(([, member]) => member ?? '');
}

/** Names of the interfaces that a union is made of. */
function unionOf(text: string, name: string): readonly string[] {
  const declared = new RegExp(`^export type ${name} = (.*);$`, 'm').exec(text);
  if (declared === null) throw new Error(`The library declares no union ${name}.`);
  return (declared[1] ?? '').split(' | ');
}

/** What the member `type` of an interface says. */
function typeOf(text: string, name: string): string {
  const declared = new RegExp(`^export interface ${name} \\{[\\s\\S]*?^ {4}type: '([\\w.]+)'`, 'm').exec(
    text,
  );
  return declared?.[1] ?? '';
}

/** Blocks that only servers make or read which run tools, keep files or shorten conversations themselves. */
const REFUSED_BLOCKS = [
  'advisor_tool_result bash_code_execution_tool_result browser_state code_execution_tool_result compaction',
  'container_upload fallback mcp_tool_listing mcp_tool_result mcp_tool_use server_tool_use',
  'text_editor_code_execution_tool_result tool_reference tool_search_tool_result web_fetch_tool_result',
  'web_search_tool_result tool_addition tool_removal',
].flatMap((names) => names.split(' '));

describe('every field that the library of the API declares', () => {
  it('of a body has a fate', () => {
    const declared = BOTH.flatMap(({ text }) => [
      ...membersOf(text, 'MessageCreateParamsBase'),
      ...membersOf(text, 'MessageCountTokensParams'),
    ]);
    expect(Object.keys(BODY_FIELDS)).toEqual(expect.arrayContaining(declared));
  });

  it.each<[string, Fates, readonly string[]]>([
    ['a message', MESSAGE_FIELDS, ['UserMessageParam', 'AssistantMessageParam', 'SystemMessageParam']],
    ['a tool', TOOL_FIELDS, ['Tool']],
    [
      'a choice of tools',
      TOOL_CHOICE_FIELDS,
      ['ToolChoiceAny', 'ToolChoiceAuto', 'ToolChoiceNone', 'ToolChoiceTool'],
    ],
    [
      'thinking',
      THINKING_FIELDS,
      ['ThinkingConfigAdaptive', 'ThinkingConfigDisabled', 'ThinkingConfigEnabled'],
    ],
    ['the output', OUTPUT_CONFIG_FIELDS, ['OutputConfig']],
    ['the metadata', METADATA_FIELDS, ['Metadata']],
  ])('of %s has a fate', (_, fates, names) => {
    const declared = BOTH.flatMap(({ text, prefix }) =>
      names.flatMap((name) => membersOf(text, `${prefix}${name}`)),
    );
    expect(Object.keys(fates)).toEqual(expect.arrayContaining(declared));
  });

  it.each(BOTH)('of a block of content has a fate, or the block is refused: $prefix', ({ text, prefix }) => {
    const union = unionOf(text, `${prefix}ContentBlockParam`);
    expect(union.length).toBeGreaterThan(10);
    const unknown = union.flatMap((name) => {
      const type = typeOf(text, name);
      if (REFUSED_BLOCKS.includes(type)) return [];
      const fates = BLOCK_FIELDS[type] ?? {};
      return membersOf(text, name)
        .filter((member) => !Object.hasOwn(fates, member))
        .map((member) => [name, member]);
    });
    expect(unknown).toEqual([]);
  });
});

it('says in the documentation what becomes of every field of a body', () => {
  const page = readFileSync(new URL('../../../../../docs/api.md', import.meta.url), 'utf8');
  const [, section = ''] = /^## Messages\n([\s\S]*?)^## /m.exec(page) ?? [];
  const named = Object.entries(BODY_FIELDS).flatMap(([name, fate]) => (fate === 'header' ? [] : [name]));
  expect(named.filter((name) => !section.includes(`\`${name}`))).toEqual([]);
});

const ASKED = { model: 'm', max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] };

function refusalOf(body: object): string {
  try {
    decodeRequest(body as Record<string, unknown>);
  } catch (error) {
    if (error instanceof LongshoreError) return error.message;
    throw error;
  }
  return 'it was taken';
}

describe('what has a fate', () => {
  const fated = (fates: Fates, fate: string) =>
    Object.entries(fates).flatMap(([name, found]) => (found === fate ? [name] : []));

  it.each(fated(BODY_FIELDS, REFUSED))('is refused by name where it says so: %s', (name) => {
    expect(refusalOf({ ...ASKED, [name]: { some: 'thing' } })).toBe(
      `${name}: is not supported here; leave it out.`,
    );
    expect(refusalOf({ ...ASKED, [name]: null })).toBe('it was taken');
  });

  it.each([...fated(BODY_FIELDS, 'without effect'), ...fated(BODY_FIELDS, 'header')])(
    'changes nothing where it says so: %s',
    (name) => {
      expect(decodeRequest({ ...ASKED, [name]: { some: 'thing' } })).toEqual(decodeRequest(ASKED));
    },
  );

  it.each(['tool_use', 'tool_result'])('is refused in a block too: toolset_name of %s', (type) => {
    const block = { type, toolset_name: 'browser', id: 'a', name: 'b', tool_use_id: 'a' };
    const role = type === 'tool_use' ? 'assistant' : 'user';
    const messages = [...ASKED.messages, { role, content: [block] }];
    expect(refusalOf({ ...ASKED, messages })).toBe(
      'messages.1.content.0.toolset_name: is not supported here; leave it out.',
    );
  });

  it.each(REFUSED_BLOCKS)('refuses blocks of type %s by name', (type) => {
    const messages = [{ role: 'user', content: [{ type }] }];
    expect(refusalOf({ ...ASKED, messages })).toContain(
      `messages.0.content.0: blocks of type "${type}" are not`,
    );
  });

  it('lets parameters of engines through', () => {
    expect(decodeRequest({ ...ASKED, min_p: 0.1 }).chat).toMatchObject({ min_p: 0.1 });
  });
});
