import { isObject } from '../request-body.js';

/** What must change in a request before llama-server sees it; or why it must not see it. */
export type RequestEdits =
  /** JSON text of members to put at the end, where they win; empty = nothing. */
  { readonly members: string } | { readonly refuse: string };

const NOTHING: RequestEdits = { members: '' };

/**
 * llama-server takes a `tool_choice` that names a tool for `auto`, without a word; so it is given that tool alone, and
 * has to use it. And it would fetch an address or open a file that a caller names as an image.
 */
export function editsOf(request: Readonly<Record<string, unknown>>): RequestEdits {
  const { messages } = request;
  if (Array.isArray(messages) && messages.some((message) => isObject(message) && fetchesMedia(message))) {
    return {
      refuse:
        'Images and other media must be in the request itself, as a data URL such as "data:image/png;base64,…": nothing is fetched from an address and no file is opened.',
    };
  }
  return toolEdits(request);
}

/** Whether a part of a message is only an address: `{"type": "image_url", "image_url": {"url": …}}` and the like. */
function fetchesMedia({ content }: Readonly<Record<string, unknown>>): boolean {
  if (!Array.isArray(content)) return false;
  return content
    .filter((part) => isObject(part))
    .flatMap((part) => Object.entries(part))
    .filter(([name]) => name.endsWith('_url'))
    .map(([, value]) => (isObject(value) ? value['url'] : value))
    .some((url) => typeof url === 'string' && !url.trimStart().toLowerCase().startsWith('data:'));
}

function toolEdits({ tool_choice: choice, tools }: Readonly<Record<string, unknown>>): RequestEdits {
  const wish = chosenTools(choice);
  if (wish === undefined) return NOTHING;
  const offered = (Array.isArray(tools) ? tools : []) as unknown[];
  const missing = wish.names.find((name) => !offered.some((tool) => nameOf(tool) === name));
  if (missing !== undefined) {
    return { refuse: `'tool_choice' names the function "${missing}", which is not among the 'tools'.` };
  }
  const chosen = offered.filter((tool) => wish.names.includes(nameOf(tool) ?? ''));
  return { members: `"tools":${JSON.stringify(chosen)},"tool_choice":${JSON.stringify(wish.mode)}` };
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
