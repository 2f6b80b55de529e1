import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeTemporaryFolder, requestJson } from '#testing';
import { describePythonClients, runPythonProgram } from './clients/python-clients.js';
import { useCluster } from './support/use-cluster.js';

const shared = useCluster({
  gateways: 1,
  workers: 1,
  engine: 'synthetic',
  gatewayEnvironment: {
    LONGSHORE_RESPONSE_RETENTION: '3s',
    LONGSHORE_RESULT_RETENTION: '3s',
    LONGSHORE_LOG_RETENTION: '3s',
    LONGSHORE_RESUME_WINDOW: '2s',
  },
});

const CHECKS = [
  'not_a_server_error',
  'status_code_conformance',
  'content_type_conformance',
  'response_schema_conformance',
  'response_headers_conformance',
];

/** Ends by itself only when its client leaves, or ends what the test stands on. */
const ENDLESS = ['/logs', '/engines/requests'];
/** Would go and ask registries of the whole world. */
const OUTBOUND = ['/models/create', '/api/pull', '/api/push'];
/** Would take away the model that all other calls need. */
const DESTRUCTIVE = ['/models/purge'];
/** Take archives, which are not made here. */
const ARCHIVES = ['/models/load', '/models/package'];

const WITHOUT = [...ENDLESS, ...OUTBOUND, ...DESTRUCTIVE, ...ARCHIVES].flatMap((path) => [
  '--exclude-path',
  path,
]);

/** The same calls every time, some thousand of them in half a minute. */
const HOW =
  '--phases examples,coverage,fuzzing --max-examples 8 --seed 1 --generation-deterministic --request-timeout 20 --suppress-health-check all --warnings off --continue-on-failure'.split(
    ' ',
  );

/** It takes half a minute, and more where the machine has other things to do. */
const TIME_LIMIT_MS = 300_000;

/** What keeps calls short and lets them get as far as an engine. */
const FEW = { type: 'integer', minimum: 1, maximum: 3 };
const BOUNDS = { max_tokens: FEW, max_output_tokens: FEW, max_completion_tokens: FEW, n: FEW };
const PARAMETERS: Readonly<Record<string, object>> = {
  'X-Request-Timeout': { enum: ['30s'] },
  // True would ask a registry of the world.
  remote: { enum: ['false'] },
};

interface Content {
  readonly schema: { readonly $ref?: string };
}

interface Described {
  readonly parameters?: readonly { readonly name: string; schema: object }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Content>> };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Described>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties?: Record<string, object> }>>;
  };
}

/** The document with a model that is there in every body that names one, and no call that takes long. */
async function documentAbout(url: string, model: string): Promise<Document> {
  const document = (await requestJson({ url: `${url}/openapi.json`, method: 'GET' })).json as Document;
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  for (const { parameters = [], requestBody } of operations) {
    for (const parameter of parameters) parameter.schema = PARAMETERS[parameter.name] ?? parameter.schema;
    for (const { schema } of Object.values(requestBody?.content ?? {})) {
      const name = schema.$ref?.split('/').at(-1) ?? '';
      narrow(document.components.schemas[name]?.properties ?? {}, model);
    }
  }
  return document;
}

function narrow(properties: Record<string, object>, model: string): void {
  const bounds = { model: { type: 'string', enum: [model] }, ...BOUNDS };
  for (const [name, schema] of Object.entries(bounds))
    if (properties[name] !== undefined) properties[name] = schema;
}

describePythonClients('schemathesis', () => {
  it(
    'finds no failure of the gateway, and no answer that the document does not foresee',
    async () => {
      const { reference } = await shared.pulled('scripted');
      const { url } = shared.cluster.gateway();
      const folder = await makeTemporaryFolder('schemathesis');
      try {
        const file = join(folder.path, 'openapi.json');
        await writeFile(file, JSON.stringify(await documentAbout(url, reference)));
        const target = ['run', file, '--url', url, '--checks', CHECKS.join(',')];
        const { code, output } = await runPythonProgram('st', folder.path, ...target, ...HOW, ...WITHOUT);
        expect(code === 0 ? '' : output).toBe('');
        expect(Number(/(\d+) generated/.exec(output)?.[1])).toBeGreaterThan(1_000);
      } finally {
        await folder.remove();
      }
    },
    TIME_LIMIT_MS,
  );
});
