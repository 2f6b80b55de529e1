import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

interface Parts {
  readonly planRelease: (request: {
    env: Record<string, string>;
    versions: Record<string, string>;
    variants: { name: string; optional?: true }[];
  }) => string[];
  readonly readVersions: (text: string) => Record<string, string>;
  readonly releasedVersion: (tag: string) => string | undefined;
  readonly releaseNotes: (changelog: string, version: string) => string;
  readonly publishedManifest: (manifest: object, version: string) => Record<string, unknown>;
}

const { planRelease, readVersions, releasedVersion, releaseNotes, publishedManifest } = (await import(
  new URL('./release-parts.mjs', import.meta.url).href
)) as Parts;

describe('what a release builds', () => {
  const versions = readVersions('# of others\nVLLM_VERSION=1.0\n\nNODE_VERSION=2\n');
  const variants = [{ name: 'cpu' }, { name: 'musa', optional: true as const }];

  it('is every image but the optional ones, with the versions that are pinned', () => {
    expect(planRelease({ env: { TAG: 'test' }, versions, variants })).toEqual([
      'matrix=["gateway","cpu"]',
      'versions={"VLLM_VERSION":"1.0","NODE_VERSION":"2"}',
      'release=false',
      'prerelease=false',
    ]);
  });

  it('is what was asked for', () => {
    const env = { TAG: 'v1.2.3', VLLM_VERSION: '9.9', OPTIONAL: 'true' };
    expect(planRelease({ env, versions, variants })).toEqual([
      'matrix=["gateway","cpu","musa"]',
      'versions={"VLLM_VERSION":"9.9","NODE_VERSION":"2"}',
      'release=true',
      'prerelease=false',
    ]);
    expect(planRelease({ env: { TAG: 'v1.2.3-rc.1' }, versions, variants })).toContain('prerelease=true');
  });

  it('is nothing for tags and versions that could not be used, or would become commands', () => {
    const refused = (env: Record<string, string>) => () => planRelease({ env, versions, variants });
    expect(refused({ TAG: 'a b' })).toThrow('"a b" is no tag');
    expect(refused({})).toThrow('is no tag');
    expect(refused({ TAG: 'x', VLLM_VERSION: '1\nPATH=/evil' })).toThrow('VLLM_VERSION');
    expect(refused({ TAG: 'x', VLLM_VERSION: 'latest' })).toThrow('leave it empty');
  });
});

describe('the version a tag releases', () => {
  it.each([
    ['v1.2.3', '1.2.3'],
    ['v1.2.3-rc.1', '1.2.3-rc.1'],
    ['test', undefined],
    ['1.2.3', undefined],
    ['v1.2', undefined],
  ])('of %s is %s', (tag, version) => {
    expect(releasedVersion(tag)).toBe(version);
  });
});

describe('release notes', () => {
  const changelog =
    '# Changelog\n\n## Unreleased\n\n## 1.10.0 (2027-01-02)\n\n- New.\n\n## 1.1.0\n\n- Old.\n';

  it('are what the changelog says of the version', () => {
    expect(releaseNotes(changelog, '1.10.0')).toBe('- New.');
    expect(releaseNotes(changelog, '1.1.0')).toBe('- Old.');
  });

  it('are missed when the changelog says nothing', () => {
    expect(() => releaseNotes(changelog, '2.0.0')).toThrow('nothing of 2.0.0');
    expect(() => releaseNotes(changelog, 'Unreleased')).toThrow('nothing of Unreleased');
  });
});

describe('the package that is published', () => {
  const manifest = {
    name: 'longshore',
    version: '1.2.3',
    private: true,
    bin: { longshore: 'scripts/longshore.mjs' },
    scripts: { test: 'x' },
    imports: {
      '#contracts': { 'longshore-source': './libs/c.ts', default: './dist/c.js' },
      '#testing': { 'longshore-source': './libs/t.ts', default: './dist/t.js' },
    },
    dependencies: { a: '1' },
    devDependencies: { b: '1' },
  };

  it('has what runs and nothing that builds or tests', () => {
    expect(publishedManifest(manifest, '1.2.3')).toEqual({
      name: 'longshore',
      version: '1.2.3',
      bin: { longshore: 'dist/apps/cli/src/main.js' },
      files: ['dist'],
      repository: { type: 'git', url: 'git+https://github.com/longshore/longshore.git' },
      imports: { '#contracts': './dist/c.js' },
      dependencies: { a: '1' },
    });
  });

  it('names the repository that images name too, because npm compares it with where it was built', async () => {
    const { repository } = publishedManifest(manifest, '1.2.3') as { repository: { url: string } };
    const dockerfile = await readFile(new URL('../../Dockerfile', import.meta.url), 'utf8');
    const source = /image\.source="(.*?)"/.exec(dockerfile)?.[1];
    expect(repository.url).toBe(`git+${source}.git`);
  });

  it('goes to those who ask for what comes next when it is a pre-release', () => {
    const trial = { ...manifest, version: '1.3.0-rc.1' };
    expect(publishedManifest(trial, '1.3.0-rc.1')).toMatchObject({ publishConfig: { tag: 'next' } });
  });

  it('is refused under another version than it says', () => {
    expect(() => publishedManifest(manifest, '1.2.4')).toThrow('package.json says 1.2.3');
  });
});
