/**
 * What the scripted model says. The word `!name` in the last user message picks a script; without one it is `say`.
 * All texts are exact, byte for byte, at any usual temperature.
 */
interface Script {
  /** A user message that asks for this script. */
  readonly prompt: string;
  /** The token that starts the script; as the end of a raw completion prompt it does the same without a template. */
  readonly marker: string;
  /** The tokens the model emits, in order. */
  readonly pieces: readonly string[];
  /** What the engine delivers as `content`. */
  readonly text: string;
}

export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

function script(name: string, pieces: readonly string[], text = pieces.join('')) {
  return { prompt: `Please !${name} now.`, marker: `<|s:${name}|>`, pieces, text } satisfies Script;
}

const WEATHER_IN_PARIS: ScriptedToolCall = { name: 'get_weather', arguments: { city: 'Paris' } };
const WEATHER_IN_ROME: ScriptedToolCall = { name: 'get_weather', arguments: { city: 'Rome' } };
const TIME_IN_ROME: ScriptedToolCall = { name: 'get_time', arguments: { zone: 'CET' } };

export const SCRIPTS = {
  say: script('say', ['Hello', ' there!', ' I am', ' a scripted', ' model.']),

  /** Reasons before it answers. */
  think: {
    ...script(
      'think',
      ['<think>', 'Let me', ' reason about it', ' carefully.', '</think>', 'The answer', ' is forty-two.'],
      'The answer is forty-two.',
    ),
    reasoning: 'Let me reason about it carefully.',
  },

  /** One tool call; offer a tool named `get_weather`. */
  tool: {
    ...script(
      'tool',
      ['<tool_call>', '\n{"name": "get_weather"', ', "arguments": {"city": ', '"Paris"}}\n', '</tool_call>'],
      '',
    ),
    calls: [WEATHER_IN_PARIS],
  },

  /** Two tool calls in one reply; offer `get_weather` and `get_time`. */
  tools2: {
    ...script(
      'tools2',
      [
        '<tool_call>\n{"name": ',
        '"get_weather", "arguments"',
        ': {"city": "Rome"}}\n',
        '</tool_call>\n<tool_call>\n',
        '{"name": "get_time", "arguments": ',
        '{"zone": "CET"}',
        '}\n</tool_call>',
      ],
      '',
    ),
    calls: [WEATHER_IN_ROME, TIME_IN_ROME],
  },

  json: {
    ...script('json', ['{"answer"', ': 42', ', "ok": ', 'true}']),
    value: { answer: 42, ok: true },
  },

  /** Repeats its pieces until it is stopped or the context is full. `text` is one round. */
  loop: {
    ...script('loop', ['la-', 'le-', 'li-', 'lo-', 'lu-']),
    /** The text of the first `tokens` tokens. */
    textOf(tokens: number): string {
      return Array.from({ length: tokens }, (_, index) => this.pieces[index % this.pieces.length]).join('');
    },
  },

  /** Says exactly one of its pieces, each equally likely (a logprob of -ln 6). `text` is all of them. */
  dice: {
    ...script('dice', ['one', 'two', 'three', 'four', 'five', 'six']),
    faces: ['one', 'two', 'three', 'four', 'five', 'six'],
  },

  /** A long reply: `n1 n2 … n300`, one token a number. */
  count: script(
    'count',
    Array.from({ length: 300 }, (_, index) => (index === 0 ? 'n1' : ` n${index + 1}`)),
  ),
} as const;

export type ScriptName = keyof typeof SCRIPTS;

export const SCRIPT_NAMES = Object.keys(SCRIPTS) as readonly ScriptName[];
