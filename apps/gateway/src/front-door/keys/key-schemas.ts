import { MODEL_PATTERN, SCOPES } from '#contracts';
import { COUNT, listOf, named, objectOf, type Schema, TEXT } from '../../openapi/schema.js';

const SCOPE_LIST: Schema = { type: 'array', items: { enum: SCOPES }, minItems: 1 };
const PATTERN: Schema = { type: 'string', pattern: MODEL_PATTERN.source };
const LIMIT: Schema = { type: 'integer', minimum: 1, maximum: 1e9 };

/** Of a member that may be `null`. */
function orNull(schema: Schema, description: string): Schema {
  return { anyOf: [schema, { type: 'null' }], description };
}

export const KEY_REQUEST = named('KeyRequest', {
  ...objectOf(
    {
      name: { type: 'string', minLength: 1, maxLength: 200, description: 'What the key is for.' },
      scopes: { ...SCOPE_LIST, description: 'What it may do; `inference` unless given.' },
      models: orNull(
        { ...listOf(PATTERN), minItems: 1, maxItems: 100 },
        'Models it may name, with `*` for any characters, such as `ai/*`; all unless given.',
      ),
      requests_per_minute: orNull(LIMIT, 'Inference calls; any number unless given.'),
      tokens_per_minute: orNull(LIMIT, 'Tokens of prompts and answers; any number unless given.'),
      expires_in: orNull(
        { type: ['string', 'number'] },
        'Seconds, or a duration such as `720h`; never unless given.',
      ),
    },
    ['name'],
  ),
  additionalProperties: false,
});

const MEMBERS = {
  id: TEXT,
  object: { const: 'api_key' },
  name: TEXT,
  scopes: SCOPE_LIST,
  models: orNull(listOf(TEXT), 'All when `null`.'),
  requests_per_minute: orNull(COUNT, 'Any number when `null`.'),
  tokens_per_minute: orNull(COUNT, 'Any number when `null`.'),
  created: COUNT,
  expires: orNull(COUNT, 'Seconds since the epoch; never when `null`.'),
  last_used: orNull(COUNT, 'Seconds since the epoch, to the minute; not yet when `null`.'),
};

const KEY = named('ApiKey', objectOf(MEMBERS, Object.keys(MEMBERS)));

export const CREATED_KEY = named(
  'CreatedApiKey',
  objectOf({ key: { ...TEXT, description: 'Told this once.' }, ...MEMBERS }, [
    'key',
    ...Object.keys(MEMBERS),
  ]),
);

export const KEY_LIST = named(
  'ApiKeyList',
  objectOf({ object: { const: 'list' }, data: listOf(KEY) }, ['object', 'data']),
);

export const DELETED_KEY = named(
  'DeletedApiKey',
  objectOf({ id: TEXT, deleted: { const: true } }, ['id', 'deleted']),
);
