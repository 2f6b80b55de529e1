import type { ErrorDialect } from '../http/error-dialect.js';
import type { ControllerRoute } from './controller-routes.js';
import { describeFailures } from './describe-failures.js';
import { hoistSchemas } from './hoist-schemas.js';
import type { Operation, OperationAnswer, OperationParameter } from './operation.js';
import { TEXT, type Schema } from './schema.js';

/** An OpenAPI 3.1 document. */
export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: Readonly<Record<string, unknown>>;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly [member: string]: unknown;
}

export interface DocumentParts {
  readonly routes: readonly ControllerRoute[];
  readonly dialects: readonly ErrorDialect[];
  /** Of this program. */
  readonly release: string;
  /** Where it is served; absent = where the document comes from. */
  readonly server?: string;
}

const DESCRIPTION = `The HTTP API of a Longshore gateway.

A route that stands at several paths is described once, at the first; the others are in \`x-aliases\`. \`{model}\` in a path may
contain slashes: \`/models/ai/smollm2:latest\`.`;

const SECURITY_SCHEMES = {
  bearer: { type: 'http', scheme: 'bearer', description: 'Where the gateway asks for keys.' },
  apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key' },
};

/** The document of all routes. Handlers that nobody described are left out. */
export function openApiDocument({ routes, dialects, release, server = '/' }: DocumentParts): OpenApiDocument {
  const components = new Map<string, Schema>();
  const paths: Record<string, Record<string, Record<string, unknown>>> = {};
  for (const route of routes) {
    for (const operation of route.operations) {
      const [path = '/', ...aliases] = route.paths.map((pattern) => templateOf(pattern, operation));
      const described = describe({ operation, path, aliases, route, dialects });
      (paths[path] ??= {})[route.method === 'all' ? 'get' : route.method] = described;
    }
  }
  const hoisted = hoistSchemas(paths, components) as OpenApiDocument['paths'];
  return {
    openapi: '3.1.0',
    info: {
      title: 'Longshore',
      version: release,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: server }],
    tags: tagsOf(routes),
    paths: Object.fromEntries(Object.entries(hoisted).sort(([a], [b]) => (a < b ? -1 : 1))),
    components: {
      schemas: Object.fromEntries([...components].sort(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: SECURITY_SCHEMES,
    },
    security: [{}, { bearer: [] }, { apiKey: [] }],
  };
}

interface Described {
  readonly operation: Operation;
  readonly path: string;
  readonly aliases: readonly string[];
  readonly route: ControllerRoute;
  readonly dialects: readonly ErrorDialect[];
}

function describe({ operation, path, aliases, route, dialects }: Described): Record<string, unknown> {
  const { summary, description, tags, body, answers, open } = operation;
  const parameters = parametersOf(operation, path);
  const failures = describeFailures(operation, path, dialects);
  return {
    operationId: operationId(route, operation),
    summary,
    ...(description !== undefined && { description }),
    tags,
    ...(parameters.length > 0 && { parameters }),
    ...(body && {
      requestBody: {
        required: body.optional !== true,
        ...(body.description !== undefined && { description: body.description }),
        content: contentOf(body.content),
      },
    }),
    responses: Object.fromEntries(
      Object.entries({ ...failures, ...answers }).map(([status, answer]) => [status, answerOf(answer)]),
    ),
    ...(open === true && { security: [] }),
    ...(aliases.length > 0 && { 'x-aliases': aliases }),
    ...(route.method === 'all' && { 'x-any-method': true }),
  };
}

/** `/v1/streams/:id` as `/v1/streams/{id}`, with what the operation puts in place of a wildcard. */
function templateOf(pattern: string, { wildcard = '{model}' }: Operation): string {
  return pattern.replaceAll(/:(\w+)/g, '{$1}').replace('*', wildcard);
}

function parametersOf({ parameters = [] }: Operation, path: string): OperationParameter[] {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name ?? '');
  const known = new Set(parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name));
  const undescribed = names
    .filter((name) => !known.has(name))
    .map((name) => ({ name, in: 'path' as const, description: PATH_TEXTS[name] ?? name, schema: SEGMENT }));
  return [...undescribed, ...parameters].map((parameter) =>
    parameter.in === 'path' ? { ...parameter, required: true } : parameter,
  );
}

const SEGMENT: Schema = { ...TEXT, minLength: 1 };

const PATH_TEXTS: Readonly<Record<string, string>> = {
  model: 'A model in any of the ways it may be named; slashes stand as they are.',
  engine: 'An engine: `llama.cpp`, `vllm`, `sglang` or `openai`.',
};

function answerOf({ description, content, headers }: OperationAnswer): Record<string, unknown> {
  return {
    description,
    ...(headers && { headers }),
    ...(content && { content: contentOf(content) }),
  };
}

function contentOf(content: Readonly<Record<string, Schema>>): Record<string, { schema: Schema }> {
  return Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, { schema }]));
}

/** `OpenAiModelsController.list` as `openAiModelsList`, and what a wildcard tells apart behind it. */
function operationId({ handler }: ControllerRoute, { wildcard }: Operation): string {
  const [controller = '', method = ''] = handler.split('.');
  const words = [
    controller.replace(/Controller$/, ''),
    method,
    ...(wildcard?.match(/[a-z]+(?!.*\})/g) ?? []),
  ];
  const joined = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return joined.charAt(0).toLowerCase() + joined.slice(1);
}

function tagsOf(routes: readonly ControllerRoute[]): { name: string }[] {
  const names = routes.flatMap(({ operations }) => operations.flatMap(({ tags }) => tags));
  return [...new Set(names)].map((name) => ({ name }));
}
