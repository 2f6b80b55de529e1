import { isObject } from '../request-body.js';

/** What must change in a request before llama-server sees it; or why it must not see it. */
export type RequestEdits =
  /** JSON text of members to put at the end, where they win; empty = nothing. */
  { readonly members: string } | { readonly refuse: string };

const NOTHING: RequestEdits = { members: '' };

/**
 * llama-server takes a `tool_choice` that names a tool for `auto`, without a word; so it is given that tool alone, and
 * has to use it. It refuses a tool with `"description": null`, which clients send of functions that have none. It would
 * fetch an address or open a file that a caller names as an image. It calls an image for a model that cannot see a
 * failure of its own. And where a caller asks for comments in a silent stream, it sends them also when it is stuck.
 * @param takesMedia whether the model has a projector for images and the like
 */
export function editsOf(request: Readonly<Record<string, unknown>>, takesMedia: boolean): RequestEdits {
  const parts = mediaParts(request);
  if (parts.length > 0 && !takesMedia) {
    return { refuse: 'This model takes text only: it has no projector for images or other media.' };
  }
  if (parts.some((part) => isAddress(part))) {
    return {
      refuse:
        'Images and other media must be in the request itself, as a data URL such as "data:image/png;base64,…": nothing is fetched from an address and no file is opened.',
    };
  }
  const edits = toolEdits(request);
  if ('refuse' in edits) return edits;
  const members = [edits.members];
  if (mustCall(request)) members.push('"response_format":{"type":"text"}');
  if ('sse_ping_interval' in request) members.push('"sse_ping_interval":-1');
  return { members: members.filter((text) => text !== '').join(',') };
}

/** Whether a tool has to be called although the text has a format, for which llama-server would forget the tools. */
function mustCall({
  tool_choice: choice,
  tools,
  response_format: format,
}: Readonly<Record<string, unknown>>): boolean {
  if (!isObject(format) || !Array.isArray(tools) || tools.length === 0) return false;
  return choice === 'required' || chosenTools(choice)?.mode === 'required';
}

type Part = Readonly<Record<string, unknown>>;

/** Members of a part that hold something else than text. */
const MEDIA = /_url$|^input_(?:audio|video|image)$/;

/** The parts of messages that are not text: `{"type": "image_url", "image_url": {"url": …}}`, `input_audio` and the like. */
function mediaParts({ messages }: Readonly<Record<string, unknown>>): readonly Part[] {
  if (!Array.isArray(messages)) return [];
  return messages
    .filter((message) => isObject(message))
    .flatMap(({ content }) => (Array.isArray(content) ? (content as unknown[]) : []))
    .filter((part) => isObject(part))
    .filter((part) => Object.keys(part).some((name) => MEDIA.test(name)));
}

/** Whether a part only says where something is. llama-server follows an address in place of the bytes, too. */
function isAddress(part: Part): boolean {
  return Object.entries(part)
    .filter(([name]) => MEDIA.test(name))
    .flatMap(([, value]) => (isObject(value) ? [value['url'], addressIn(value['data'])] : [value]))
    .some((place) => typeof place === 'string' && !isDataUrl(place));
}

/** Base64 has no colon. */
function addressIn(data: unknown): string | undefined {
  return typeof data === 'string' && data.includes(':') ? data : undefined;
}

function isDataUrl(text: string): boolean {
  return text.trimStart().toLowerCase().startsWith('data:');
}

function toolEdits({ tool_choice: choice, tools }: Readonly<Record<string, unknown>>): RequestEdits {
  const given = (Array.isArray(tools) ? tools : []) as unknown[];
  const offered = given.map(withoutNulls);
  const wish = chosenTools(choice);
  if (wish === undefined) {
    const changed = offered.some((tool, index) => tool !== given[index]);
    return changed ? { members: `"tools":${JSON.stringify(offered)}` } : NOTHING;
  }
  const missing = wish.names.find((name) => !offered.some((tool) => nameOf(tool) === name));
  if (missing !== undefined) {
    return { refuse: `'tool_choice' names the function "${missing}", which is not among the 'tools'.` };
  }
  const chosen = offered.filter((tool) => wish.names.includes(nameOf(tool) ?? ''));
  return { members: `"tools":${JSON.stringify(chosen)},"tool_choice":${JSON.stringify(wish.mode)}` };
}

/** A tool as it came where no member of its function is null. */
function withoutNulls(tool: unknown): unknown {
  if (!isObject(tool) || !isObject(tool['function'])) return tool;
  const members = Object.entries(tool['function']);
  const told = members.filter(([, value]) => value !== null);
  return told.length === members.length ? tool : { ...tool, function: Object.fromEntries(told) };
}

interface ChosenTools {
  readonly names: readonly string[];
  readonly mode: 'auto' | 'required';
}

/** Undefined when any tool may be used, or the choice is for the engine to judge. */
function chosenTools(choice: unknown): ChosenTools | undefined {
  if (!isObject(choice)) return undefined;
  if (choice['type'] === 'allowed_tools' && isObject(choice['allowed_tools'])) {
    const { mode, tools } = choice['allowed_tools'];
    if (!Array.isArray(tools)) return undefined;
    const names = tools.flatMap((tool) => nameOf(tool) ?? []);
    return { names, mode: mode === 'required' ? 'required' : 'auto' };
  }
  const name = nameOf(choice);
  return name === undefined ? undefined : { names: [name], mode: 'required' };
}

/** Of `{"type": "function", "function": {"name": …}}`. */
function nameOf(tool: unknown): string | undefined {
  const called = isObject(tool) ? tool['function'] : undefined;
  const name = isObject(called) ? called['name'] : undefined;
  return typeof name === 'string' ? name : undefined;
}
