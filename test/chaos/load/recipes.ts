import { type ClusterEngine, SCRIPTS, type ScriptName } from '#testing';

/** A request that is made again and again. */
export interface Recipe {
  readonly name: string;
  /** How often it is made, compared with others. */
  readonly weight: number;
  readonly path: string;
  readonly model: 'scripted' | 'embedding';
  readonly stream: boolean;
  /** Without the model. */
  readonly body: object;
}

const CHAT = '/v1/chat/completions';
const STREAM = { stream: true, stream_options: { include_usage: true } };
const TOOLS = [tool('get_weather', 'city'), tool('get_time', 'zone')];
const SCHEMA = {
  type: 'json_schema',
  json_schema: {
    name: 'answer',
    schema: {
      type: 'object',
      properties: { answer: { type: 'integer' }, ok: { type: 'boolean' } },
      required: ['answer', 'ok'],
    },
  },
};

const embeddings: Recipe = {
  name: 'embeddings',
  weight: 1,
  path: '/v1/embeddings',
  model: 'embedding',
  stream: false,
  body: { input: ['the ship is in the harbour', 'hello world'] },
};

function tool(name: string, parameter: string): object {
  const properties = { [parameter]: { type: 'string' } };
  return {
    type: 'function',
    function: { name, parameters: { type: 'object', properties, required: [parameter] } },
  };
}

function say(script: ScriptName): object {
  return { messages: [{ role: 'user', content: SCRIPTS[script].prompt }] };
}

function chat(name: string, weight: number, body: object): Recipe {
  return { name, weight, path: CHAT, model: 'scripted', stream: 'stream' in body, body };
}

/** Long streams have most of the weight, so that faults find some in the middle. */
const REAL: readonly Recipe[] = [
  chat('stream of 300', 5, { ...say('count'), ...STREAM }),
  chat('stream of 500', 4, { ...say('loop'), ...STREAM, max_tokens: 500 }),
  chat('stream of 900', 2, { ...say('loop'), ...STREAM, max_tokens: 900 }),
  chat('short stream', 1, { ...say('say'), ...STREAM }),
  chat('stream with reasoning', 1, { ...say('think'), ...STREAM }),
  chat('stream with a tool call', 1, { ...say('tool'), ...STREAM, tools: TOOLS }),
  chat('stream with two tool calls', 1, { ...say('tools2'), ...STREAM, tools: TOOLS }),
  chat('stream with a schema', 1, { ...say('json'), ...STREAM, response_format: SCHEMA }),
  {
    name: 'stream of text',
    weight: 1,
    path: '/v1/completions',
    model: 'scripted',
    stream: true,
    body: { prompt: SCRIPTS.count.marker, ...STREAM, max_tokens: 200 },
  },
  chat('answer of 300', 2, say('count')),
  chat('short answer', 1, say('say')),
  chat('answer with a schema', 1, { ...say('json'), response_format: SCHEMA }),
  chat('answer with tool calls', 1, { ...say('tools2'), tools: TOOLS }),
  embeddings,
];

/** Tokens a second and stream, about what the real engine is slowed down to. */
const rate = { synthetic: { rate: 90 } };
const HELLO = { messages: [{ role: 'user', content: 'Hello' }] };

const SYNTHETIC: readonly Recipe[] = [
  chat('stream of 300', 5, { ...HELLO, ...STREAM, ...rate, max_tokens: 300 }),
  chat('stream of 900', 5, { ...HELLO, ...STREAM, ...rate, max_tokens: 900 }),
  chat('short stream', 2, { ...HELLO, ...STREAM, max_tokens: 5 }),
  chat('answer of 200', 2, { ...HELLO, ...rate, max_tokens: 200 }),
  chat('short answer', 1, { ...HELLO, max_tokens: 5 }),
  embeddings,
];

export function recipesFor(engine: ClusterEngine): readonly Recipe[] {
  return engine === 'synthetic' ? SYNTHETIC : REAL;
}
