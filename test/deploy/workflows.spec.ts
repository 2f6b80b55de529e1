import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../architecture/planted-tree.js';
import { read, readVersions, readYaml } from './variants.js';

interface Job {
  readonly needs?: string | readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, unknown>>;
  }[];
}

interface Workflow {
  readonly on: {
    readonly workflow_dispatch?: { readonly inputs: Readonly<Record<string, { default: unknown }>> };
  };
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const names = readdirSync(join(ROOT, '.github/workflows'));
const workflows = names.map((name) => ({ name, ...(readYaml(`.github/workflows/${name}`) as Workflow) }));
const release = readYaml('.github/workflows/release.yml') as Workflow;

describe('the workflows', () => {
  it.each(names)('%s names every action by its commit, with its version beside it', (name) => {
    const uses = read(`.github/workflows/${name}`).match(/uses: .*$/gm) ?? [];
    expect(uses.length).toBeGreaterThan(0);
    expect(
      uses.filter((line) => !/^uses: [\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line)),
    ).toEqual([]);
  });

  it.each(workflows)('$name may read, and more only where a job needs it', ({ permissions, jobs }) => {
    expect(permissions).toEqual({ contents: 'read' });
    for (const job of Object.values(jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it.each(workflows)('$name leaves no credentials with what it checks out', ({ jobs }) => {
    const steps = Object.values(jobs).flatMap((job) => job.steps);
    const checkouts = steps.filter(({ uses }) => uses?.startsWith('actions/checkout@'));
    expect(checkouts.filter((step) => step.with?.['persist-credentials'] !== false)).toEqual([]);
  });

  it('run all tests with the whole history, of which those of upgrades build the release before', () => {
    const testing = workflows
      .flatMap(({ jobs }) => Object.values(jobs))
      .filter(({ steps }) => steps.some(({ run }) => run?.includes('.ci/run')));
    expect(testing).toHaveLength(2);
    for (const { steps } of testing)
      expect(steps.find(({ uses }) => uses?.startsWith('actions/checkout@'))?.with).toMatchObject({
        'fetch-depth': 0,
      });
  });

  it('release what people of the Model Runner are used to asking for', () => {
    expect(Object.keys(release.on.workflow_dispatch?.inputs ?? {})).toEqual([
      'pushLatest',
      'releaseTag',
      'llamaServerVersion',
      'vllmVersion',
      'sglangVersion',
      'buildMusaCann',
    ]);
  });

  it('check everything that is deployed before a change is taken, with images that are built and started', () => {
    expect(read('.github/workflows/ci.yml')).toMatch(/run: sudo .* npm run check:deploy$/m);
  });

  it('build images after the tests, and publish after the images', () => {
    expect(release.jobs['build']?.needs).toContain('test');
    expect(release.jobs['npm']?.needs).toContain('build');
    expect(release.jobs['release']?.needs).toContain('build');
    expect(release.jobs['build']?.permissions).toEqual({
      contents: 'read',
      packages: 'write',
      'id-token': 'write',
    });
  });

  it('take versions of engines from the one file', () => {
    for (const version of readVersions().values())
      for (const name of names)
        expect(read(`.github/workflows/${name}`).replace(/such as \w+/g, '')).not.toContain(version);
  });
});
