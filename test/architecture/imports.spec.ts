import { beforeAll, describe, expect, it } from 'vitest';
import { violationsOf, type Violation } from './planted-tree.js';

const LIBRARIES =
  'contracts config lifecycle redis queue streaming cluster engines models observability testing'.split(' ');

/** The import table, said a second time so that no slip in the rules goes unnoticed. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  'libs/contracts': [],
  'libs/config': [],
  'libs/lifecycle': [],
  'libs/redis': ['config'],
  'libs/queue': ['contracts', 'redis'],
  'libs/streaming': ['contracts', 'redis'],
  'libs/cluster': ['contracts', 'redis'],
  'libs/engines': ['contracts'],
  'libs/models': ['contracts'],
  'libs/observability': ['contracts'],
  'libs/testing': LIBRARIES,
  'apps/gateway': [
    'contracts',
    'config',
    'lifecycle',
    'redis',
    'queue',
    'streaming',
    'cluster',
    'observability',
  ],
  'apps/worker': LIBRARIES.filter((name) => name !== 'testing'),
  'apps/cli': ['contracts', 'config'],
};

const PAIRS = Object.keys(ALLOWED).flatMap((room) =>
  LIBRARIES.filter((library) => room !== `libs/${library}`).map((library) => ({ room, library })),
);

/** What any planted tree stands on: an empty index in every library, and the packages the rules speak of. */
const GROUND: Readonly<Record<string, string>> = {
  ...Object.fromEntries(LIBRARIES.map((name) => [`libs/${name}/src/index.ts`, 'export const one = 1;'])),
  ...Object.fromEntries(
    ['bullmq', '@nestjs/bullmq', 'ioredis'].flatMap((name) => [
      [`node_modules/${name}/package.json`, JSON.stringify({ name, main: 'index.js' })],
      [`node_modules/${name}/index.js`, ''],
    ]),
  ),
};

const pairFile = ({ room, library }: { room: string; library: string }) =>
  `${room}/src/imports-${library}.ts`;

describe('the import table', () => {
  let violations: readonly Violation[] = [];

  beforeAll(async () => {
    const plants = PAIRS.map((pair) => [pairFile(pair), `import '#${pair.library}';`] as const);
    violations = await violationsOf({ ...GROUND, ...Object.fromEntries(plants) });
  }, 60_000);

  const rulesFor = (pair: (typeof PAIRS)[number]) =>
    violations.filter(({ from }) => from === pairFile(pair)).map(({ rule }) => rule);

  const allowed = PAIRS.filter(({ room, library }) => ALLOWED[room]?.includes(library));
  const forbidden = PAIRS.filter(({ room, library }) => !ALLOWED[room]?.includes(library));

  it.each(allowed)('lets $room import #$library', (pair) => {
    expect(rulesFor(pair)).toEqual([]);
  });

  it.each(forbidden)('refuses that $room imports #$library', (pair) => {
    expect(rulesFor(pair)).toContain(`${pair.room.replace('/', '-')}-imports`);
  });
});

/** What is imported, the rule that must refuse it, the file at fault, and the files. */
type Plant = readonly [string, string, string, Readonly<Record<string, string>>];

const PLANTS: readonly Plant[] = [
  ...LIBRARIES.map((name): Plant => [
    `a path into libs/${name}`,
    `libs-${name}-door`,
    `test/e2e/${name}.ts`,
    { [`test/e2e/${name}.ts`]: `import '../../libs/${name}/src/index.js';` },
  ]),
  [
    'a path into another library from a test',
    'libs-redis-door',
    'libs/queue/src/b.spec.ts',
    { 'libs/queue/src/b.spec.ts': "import '../../redis/src/index.js';" },
  ],
  [
    'a type from a forbidden library',
    'apps-gateway-imports',
    'apps/gateway/src/a.ts',
    { 'apps/gateway/src/a.ts': "import type { one } from '#engines'; export type One = typeof one;" },
  ],
  [
    'a forbidden library loaded at run time',
    'apps-gateway-imports',
    'apps/gateway/src/b.ts',
    { 'apps/gateway/src/b.ts': "export const models = await import('#models');" },
  ],
  [
    'a forbidden library passed on',
    'libs-queue-imports',
    'libs/queue/src/c.ts',
    { 'libs/queue/src/c.ts': "export * from '#streaming';" },
  ],
  [
    'one app in another',
    'apps-cli-imports',
    'apps/cli/src/a.ts',
    { 'apps/cli/src/a.ts': "import '../../worker/src/c.js';", 'apps/worker/src/c.ts': '' },
  ],
  [
    'one engine in another',
    'engines-are-strangers',
    'libs/engines/src/vllm/a.ts',
    { 'libs/engines/src/vllm/a.ts': "import '../sglang/a.js';", 'libs/engines/src/sglang/a.ts': '' },
  ],
  [
    'an engine in what engines share',
    'engines-are-strangers',
    'libs/engines/src/process/b.ts',
    { 'libs/engines/src/process/b.ts': "import '../sglang/b.js';", 'libs/engines/src/sglang/b.ts': '' },
  ],
  [
    'one dialect in another',
    'dialects-are-strangers',
    'apps/gateway/src/dialects/openai/a.ts',
    {
      'apps/gateway/src/dialects/openai/a.ts': "import '../ollama/a.js';",
      'apps/gateway/src/dialects/ollama/a.ts': '',
    },
  ],
  [
    'bullmq outside libs/queue',
    'bullmq-in-queue',
    'apps/worker/src/a.ts',
    { 'apps/worker/src/a.ts': "import 'bullmq';" },
  ],
  [
    '@nestjs/bullmq outside libs/queue',
    'bullmq-in-queue',
    'apps/gateway/src/c.ts',
    { 'apps/gateway/src/c.ts': "import '@nestjs/bullmq';" },
  ],
  [
    'ioredis outside libs/redis',
    'ioredis-in-redis',
    'libs/queue/src/d.ts',
    { 'libs/queue/src/d.ts': "import 'ioredis';" },
  ],
  [
    'libs/testing outside tests',
    'testing-in-tests',
    'scripts/a.ts',
    { 'scripts/a.ts': "import '#testing';" },
  ],
  [
    'a test file',
    'tests-are-leaves',
    'libs/models/src/a.ts',
    { 'libs/models/src/a.ts': "import './a.spec.js';", 'libs/models/src/a.spec.ts': '' },
  ],
  [
    'a circle',
    'no-cycles',
    'libs/models/src/b.ts',
    { 'libs/models/src/b.ts': "import './c.js';", 'libs/models/src/c.ts': "import './b.js';" },
  ],
  [
    'something that is not there',
    'resolvable',
    'libs/models/src/d.ts',
    { 'libs/models/src/d.ts': "import './nowhere.js';" },
  ],
];

const WELCOME: Readonly<Record<string, string>> = {
  'libs/queue/src/e.ts': "import 'bullmq'; import '@nestjs/bullmq';",
  'libs/redis/src/e.ts': "import 'ioredis';",
  'libs/queue/src/e.spec.ts': "import '#testing'; import './e.js';",
  'libs/engines/src/vllm/e.ts': "import '../process/e.js';",
  'libs/engines/src/process/e.ts': '',
  'test/e2e/e.e2e-spec.ts': "import '#testing'; import '#queue';",
};

describe('the rules', () => {
  it('refuse nothing in a tree that keeps them', async () => {
    await expect(violationsOf({ ...GROUND, ...WELCOME })).resolves.toEqual([]);
  }, 60_000);

  describe('refuse', () => {
    let violations: readonly Violation[] = [];

    beforeAll(async () => {
      violations = await violationsOf(Object.assign({}, GROUND, ...PLANTS.map(([, , , files]) => files)));
    }, 60_000);

    it.each(PLANTS)('%s', (_what, rule, from) => {
      expect(violations).toContainEqual({ rule, from });
    });
  });
});
