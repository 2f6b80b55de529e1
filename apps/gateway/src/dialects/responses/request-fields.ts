import { read, type RequestField, type RequestFields } from '../../http/request-field.js';
import { COUNT, FLAG, listOf, NUMBER, objectOf, oneWordOf, TEXT } from '../../openapi/schema.js';

const refused = (why: string): RequestField => ({ standing: 'refused', why });

const FUNCTION_TOOL = objectOf({ type: { const: 'function' }, name: TEXT, parameters: { type: 'object' } }, [
  'type',
]);

/** An item of a conversation; how far each type is understood is told by `encode-messages.ts`. */
export const INPUT_ITEM = objectOf({
  type: TEXT,
  role: TEXT,
  content: { anyOf: [TEXT, listOf(objectOf({ type: TEXT }, ['type'])), { type: 'null' }] },
});

/** What becomes of each member of a request for a response. Members that are not here go to the engine. */
export const RESPONSE_FIELDS: RequestFields = {
  model: read({ ...TEXT, minLength: 1, maxLength: 1_024 }),
  input: read({ anyOf: [TEXT, listOf(INPUT_ITEM)] }),
  instructions: read(TEXT),
  previous_response_id: read(TEXT),
  stream: read(FLAG),
  /** Obfuscation pads events against listeners; ours are not padded. */
  stream_options: read({ type: 'object' }),
  background: read(FLAG),
  store: read(FLAG),
  metadata: read({ type: 'object', additionalProperties: TEXT }),
  include: read(
    listOf(
      oneWordOf(
        'message.output_text.logprobs',
        'reasoning.encrypted_content',
        'message.input_image.image_url',
      ),
    ),
  ),
  temperature: read(NUMBER),
  top_p: read(NUMBER),
  max_output_tokens: read({ ...COUNT, minimum: 1 }),
  top_logprobs: read(NUMBER),
  text: read(objectOf({ format: objectOf({ type: TEXT }, ['type']), verbosity: TEXT })),
  tools: read(listOf(FUNCTION_TOOL)),
  tool_choice: read({ type: ['string', 'object'] }),
  parallel_tool_calls: read(FLAG),
  reasoning: read(objectOf({ effort: TEXT, summary: TEXT })),
  /** As Model Runner clients write it. */
  reasoning_effort: read(TEXT),
  service_tier: read(TEXT),
  user: read(TEXT),
  safety_identifier: read(TEXT),
  prompt_cache_key: read(TEXT),
  prompt_cache_retention: read(TEXT),
  prompt_cache_options: read({ type: 'object' }),
  truncation: {
    standing: 'refused',
    schema: oneWordOf('disabled'),
    asksForNothing: (value) => value === 'disabled',
    why: 'nothing is left out of a prompt; use "disabled".',
  },
  conversation: refused('conversations are not kept; chain responses by "previous_response_id".'),
  prompt: refused('there are no stored prompts; write it into "instructions".'),
  context_management: refused('nothing is left out of a conversation or summed up.'),
  moderation: refused('nothing in the cluster moderates.'),
  max_tool_calls: refused('it limits tools that run on the server, of which there are none.'),
};
