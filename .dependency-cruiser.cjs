/** The import table of docs/architecture.md, as rules. test/architecture proves that each of them bites. */

/** Which libraries a room may import; every room may import itself. */
const TABLE = {
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
  'apps/worker': [
    'contracts',
    'config',
    'lifecycle',
    'redis',
    'queue',
    'streaming',
    'cluster',
    'engines',
    'models',
    'observability',
  ],
  'apps/cli': ['contracts', 'config'],
};

/** Files that only run in tests: they may use libs/testing and look into any room. */
const TEST_FILE = '\\.(?:spec|int-spec|e2e-spec|vllm-spec|deploy-spec)\\.ts$';
const TESTS = `${TEST_FILE}|/__fixtures__/|/__contract__/`;

const isLibrary = (room) => room.startsWith('libs/');

function tableRule([room, libraries]) {
  const allowed = libraries.map((library) => `libs/${library}/`);
  return {
    name: `${room.replace('/', '-')}-imports`,
    comment: `${room} may import ${libraries.join(', ') || 'no other room'}.`,
    severity: 'error',
    from: { path: `^${room}/`, pathNot: TESTS },
    to: { path: '^(?:apps|libs)/', pathNot: [`^${room}/`, ...allowed.map((path) => `^${path}`)] },
  };
}

/** Another room is imported by its name (`#queue`), which leads to its index and nothing else. */
function doorRule(room) {
  const name = room.replace('/', '-');
  return {
    name: `${name}-door`,
    comment: `What others need of ${room} is exported from its index; import it by its # name.`,
    severity: 'error',
    from: { path: '^(?:apps|libs|test|scripts)/', pathNot: `^${room}/` },
    to: {
      path: `^${room}/`,
      dependencyTypesNot: ['aliased-subpath-import'],
    },
  };
}

/** Folders of a room that must not know each other. Each may use `shared`, which knows none of them. */
function strangersRule(name, folder, shared = []) {
  return {
    name,
    comment: `The folders of ${folder} do not import each other.`,
    severity: 'error',
    from: { path: `^${folder}/([^/]+)/`, pathNot: TESTS },
    to: {
      path: `^${folder}/[^/]+/`,
      pathNot: [`^${folder}/$1/`, ...shared.map((each) => `^${folder}/${each}/`)],
    },
  };
}

/** A package that only one room talks to. */
function packageRule(name, packages, room) {
  return {
    name,
    comment: `${packages} is imported in ${room} only.`,
    severity: 'error',
    from: { path: '^(?:apps|libs|test|scripts)/', pathNot: [`^${room}/`] },
    to: { path: `(?:^|/)node_modules/${packages}/` },
  };
}

module.exports = {
  forbidden: [
    ...Object.entries(TABLE).map(tableRule),
    ...Object.keys(TABLE).filter(isLibrary).map(doorRule),
    doorRule('libs/testing'),
    strangersRule('engines-are-strangers', 'libs/engines/src', ['going-on', 'process']),
    strangersRule('dialects-are-strangers', 'apps/gateway/src/dialects'),
    packageRule('bullmq-in-queue', '(?:bullmq|@nestjs/bullmq)', 'libs/queue'),
    packageRule('ioredis-in-redis', 'ioredis', 'libs/redis'),
    {
      name: 'testing-in-tests',
      comment: 'libs/testing is for test files.',
      severity: 'error',
      from: { path: '^(?:apps|libs|scripts)/', pathNot: [TESTS, '^libs/testing/'] },
      to: { path: '^libs/testing/' },
    },
    {
      name: 'tests-are-leaves',
      comment: 'Nothing imports a test file.',
      severity: 'error',
      from: {},
      to: { path: TEST_FILE },
    },
    {
      name: 'no-cycles',
      comment: 'An import circle hides that two files are one.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true, pathNot: '/dist/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsPreCompilationDeps: true,
    parser: 'swc',
    enhancedResolveOptions: {
      conditionNames: ['longshore-source', 'import', 'node', 'default'],
      exportsFields: ['exports'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
