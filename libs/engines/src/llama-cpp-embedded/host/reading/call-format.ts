/** How a family of models writes that it wants functions called. */
export interface CallFormat {
  readonly name: string;
  /** Whether a chat template (Jinja text) belongs to the family. */
  readonly isUsedBy: (template: string) => boolean;
  /** What begins one call or a list of calls; empty where a call can only be all of an answer. */
  readonly opening: string;
  /** Whether an answer may also be a call from its first character on. */
  readonly bare: boolean;
  /** What stands around and between calls, beside white space. */
  readonly fillers: readonly string[];
  /** What begins each call of a list, where that is marked. */
  readonly callOpening?: string;
  /** For calls whose name stands before the arguments: what is between. Others are one JSON object. */
  readonly between?: string;
  /** How one call, and several, are written when a call is demanded. */
  readonly written: {
    readonly first: string;
    readonly beforeName: string;
    readonly afterName: string;
    readonly afterArguments: string;
    readonly separator: string;
    readonly last: string;
  };
  /** Whether the model must be told of its tools, because the template does not do so. */
  readonly needsInstruction?: boolean;
}

function jsonObject(argumentsName: string, first: string, afterArguments: string, separator: string) {
  return {
    first,
    beforeName: '{"name": "',
    afterName: `", "${argumentsName}": `,
    afterArguments: `}${afterArguments}`,
    separator,
    last: '',
  };
}

const HERMES: CallFormat = {
  name: 'hermes',
  isUsedBy: (template) => template.includes('<tool_call>') && !template.includes('<function='),
  opening: '<tool_call>',
  bare: false,
  fillers: ['</tool_call>'],
  written: jsonObject('arguments', '<tool_call>\n', '\n</tool_call>', '\n<tool_call>\n'),
};

const DEEPSEEK_FILLERS = ['<｜tool▁call▁begin｜>', '<｜tool▁call▁end｜>', '<｜tool▁calls▁end｜>', '```'];

const DEEPSEEK_FENCED: CallFormat = {
  name: 'deepseek',
  isUsedBy: (template) => template.includes('<｜tool▁calls▁begin｜>') && template.includes('```json'),
  opening: '<｜tool▁calls▁begin｜>',
  bare: false,
  fillers: [...DEEPSEEK_FILLERS, 'function<｜tool▁sep｜>'],
  callOpening: '<｜tool▁call▁begin｜>',
  between: '\n```json\n',
  written: {
    first: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>',
    beforeName: 'function<｜tool▁sep｜>',
    afterName: '\n```json\n',
    afterArguments: '\n```<｜tool▁call▁end｜>',
    separator: '\n<｜tool▁call▁begin｜>',
    last: '<｜tool▁calls▁end｜>',
  },
};

const DEEPSEEK: CallFormat = {
  name: 'deepseek-v3.1',
  isUsedBy: (template) => template.includes('<｜tool▁calls▁begin｜>'),
  opening: '<｜tool▁calls▁begin｜>',
  bare: false,
  fillers: DEEPSEEK_FILLERS,
  callOpening: '<｜tool▁call▁begin｜>',
  between: '<｜tool▁sep｜>',
  written: {
    first: '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>',
    beforeName: '',
    afterName: '<｜tool▁sep｜>',
    afterArguments: '<｜tool▁call▁end｜>',
    separator: '<｜tool▁call▁begin｜>',
    last: '<｜tool▁calls▁end｜>',
  },
};

const MISTRAL_ARGUMENTS: CallFormat = {
  name: 'mistral-args',
  isUsedBy: (template) => template.includes('[TOOL_CALLS]') && template.includes('[ARGS]'),
  opening: '[TOOL_CALLS]',
  bare: false,
  fillers: [],
  between: '[ARGS]',
  written: {
    first: '[TOOL_CALLS]',
    beforeName: '',
    afterName: '[ARGS]',
    afterArguments: '',
    separator: '[TOOL_CALLS]',
    last: '',
  },
};

const MISTRAL: CallFormat = {
  name: 'mistral',
  isUsedBy: (template) => template.includes('[TOOL_CALLS]'),
  opening: '[TOOL_CALLS]',
  bare: false,
  fillers: ['[', ',', ']'],
  written: { ...jsonObject('arguments', '[TOOL_CALLS][', '', ', '), last: ']' },
};

const LLAMA: CallFormat = {
  name: 'llama-3',
  isUsedBy: (template) =>
    template.includes('<|start_header_id|>') && /tools|ipython|<\|python_tag\|>/.test(template),
  opening: '<|python_tag|>',
  bare: true,
  fillers: [';', ','],
  written: jsonObject('parameters', '', '', '; '),
};

const GENERIC: CallFormat = {
  name: 'generic',
  isUsedBy: (template) => !/\btools\b/.test(template),
  opening: '',
  bare: true,
  fillers: [',', ';'],
  written: jsonObject('arguments', '', '', '\n'),
  needsInstruction: true,
};

/** Whose template shows tools in a form that is not known: calls stay in the text, unless one is demanded. */
const UNKNOWN: CallFormat = { ...GENERIC, name: 'unknown', isUsedBy: () => true, needsInstruction: false };

const FORMATS = [HERMES, DEEPSEEK_FENCED, DEEPSEEK, MISTRAL_ARGUMENTS, MISTRAL, LLAMA, GENERIC, UNKNOWN];

/** The first form that a template belongs to. */
export function callFormatOf(template: string): CallFormat {
  return FORMATS.find((format) => format.isUsedBy(template)) ?? UNKNOWN;
}

/** Tags that a reader must see as text. */
export function tagsOf({ opening, fillers, between }: CallFormat): readonly string[] {
  return [opening, between ?? '', ...fillers].filter((tag) => tag.trim().length > 1);
}
