/**
 * What OpenAPI 3.1 demands of the parts of a document that ours has, as a JSON schema. Stricter than the standard in one
 * way: members that ours never has are not allowed, so that a misspelt one is found.
 */
const EXTENSIONS = { '^x-': true };
const TEXT = { type: 'string', minLength: 1 };
const SCHEMA = { $ref: '#/$defs/schema' };

const closed = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
  patternProperties: EXTENSIONS,
  additionalProperties: false,
});

const mapOf = (values: object, keys: object = {}) => ({
  type: 'object',
  propertyNames: keys,
  additionalProperties: values,
});

const CONTENT = mapOf(closed({ schema: SCHEMA }, ['schema']), { pattern: '^[\\w.+-]+/[\\w.+*-]+$' });

const PARAMETER = {
  ...closed(
    {
      name: TEXT,
      in: { enum: ['path', 'query', 'header'] },
      description: TEXT,
      required: { type: 'boolean' },
      schema: SCHEMA,
    },
    ['name', 'in', 'schema'],
  ),
  if: { properties: { in: { const: 'path' } } },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
  then: { properties: { required: { const: true } }, required: ['required'] },
};

const RESPONSE = closed(
  {
    description: TEXT,
    headers: mapOf(closed({ description: TEXT, schema: SCHEMA }, ['schema'])),
    content: CONTENT,
  },
  ['description'],
);

const OPERATION = closed(
  {
    operationId: { type: 'string', pattern: '^[a-z]\\w+$' },
    summary: TEXT,
    description: TEXT,
    tags: { type: 'array', items: TEXT, minItems: 1 },
    parameters: { type: 'array', items: PARAMETER, uniqueItems: true },
    requestBody: closed({ description: TEXT, required: { type: 'boolean' }, content: CONTENT }, ['content']),
    responses: {
      ...mapOf(RESPONSE, { pattern: '^(?:default|[1-5](?:\\d\\d|XX))$' }),
      minProperties: 1,
    },
    security: { type: 'array', items: mapOf({ type: 'array', items: TEXT }) },
  },
  ['operationId', 'summary', 'tags', 'responses'],
);

export const OPENAPI_RULES = {
  ...closed(
    {
      openapi: { const: '3.1.0' },
      info: closed(
        {
          title: TEXT,
          version: TEXT,
          description: TEXT,
          license: closed({ name: TEXT, identifier: TEXT }, ['name']),
        },
        ['title', 'version'],
      ),
      servers: { type: 'array', items: closed({ url: TEXT }, ['url']) },
      tags: { type: 'array', items: closed({ name: TEXT }, ['name']), uniqueItems: true },
      paths: mapOf(
        {
          type: 'object',
          propertyNames: { enum: ['get', 'put', 'post', 'delete', 'head', 'patch', 'options'] },
          additionalProperties: OPERATION,
        },
        { pattern: '^/' },
      ),
      components: closed({
        schemas: mapOf(SCHEMA, { pattern: '^[\\w.-]+$' }),
        securitySchemes: mapOf(
          closed(
            { type: TEXT, scheme: TEXT, description: TEXT, in: { enum: ['header', 'query'] }, name: TEXT },
            ['type'],
          ),
        ),
      }),
      security: { type: 'array', items: mapOf({ type: 'array', items: TEXT }) },
    },
    ['openapi', 'info', 'paths'],
  ),
  $defs: { schema: { type: ['object', 'boolean'] } },
};
