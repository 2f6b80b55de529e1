/** What a release is made of, as functions of texts. The programs beside this file read and write them. */

/** Tags of images that are also a release of everything else: v and three numbers, with a pre-release or without. */
const RELEASE = /^v(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)$/;
/** The same as in the labels of images; npm compares it with the workflow that publishes. */
const REPOSITORY = 'https://github.com/longshore/longshore';
/** What a registry takes as a tag. */
const TAG = /^\w[\w.-]{0,127}$/;

/** The version that a tag releases; undefined for tags that only name images. */
export function releasedVersion(tag) {
  return RELEASE.exec(tag)?.[1];
}

/** Whether a version is one to try out, which nobody gets who did not ask for it. */
export function isPreRelease(version) {
  return version.includes('-');
}

/**
 * Lines for $GITHUB_OUTPUT: which targets of the bake file are built, with which versions, and whether this is a
 * release. `env` is what the workflow was asked for; an empty version is that of versions.env.
 * @throws Error with a sentence for a tag no registry takes and for versions of a strange form
 */
export function planRelease({ env, versions, variants }) {
  const tag = env.TAG ?? '';
  if (!TAG.test(tag))
    throw new Error(`"${tag}" is no tag; use letters, digits, points and dashes, such as v1.2.3.`);
  const wanted = Object.entries(versions).map(([name, value]) => [name, env[name] || value]);
  for (const [name, value] of wanted)
    if (!/^\w[\w.-]*$/.test(value) || value === 'latest')
      throw new Error(`${name} is "${value}", which is no version; name one, or leave it empty.`);
  const all = env.OPTIONAL === 'true';
  const targets = ['gateway', ...variants.filter(({ optional }) => all || !optional).map(({ name }) => name)];
  return [
    `matrix=${JSON.stringify(targets)}`,
    `versions=${JSON.stringify(Object.fromEntries(wanted))}`,
    `release=${releasedVersion(tag) !== undefined}`,
    `prerelease=${isPreRelease(releasedVersion(tag) ?? '')}`,
  ];
}

/** `NAME=value` lines as an object; comments and empty lines left out. */
export function readVersions(text) {
  const lines = text.split('\n').filter((line) => /^[A-Z]/.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/**
 * What the changelog says of a version, without its heading.
 * @throws Error with a sentence when there is nothing
 */
export function releaseNotes(changelog, version) {
  const sections = changelog.split(/^## /m).slice(1);
  const section = sections.find((text) => text.split(/[\s(]/)[0]?.replace(/^\[|\]$/g, '') === version);
  const notes = section?.slice(section.indexOf('\n') + 1).trim() ?? '';
  if (notes === '')
    throw new Error(`CHANGELOG.md says nothing of ${version}; rename its section "Unreleased".`);
  return notes;
}

/**
 * package.json as it is published: what runs, without what builds and tests. Its command is the built one.
 * @throws Error with a sentence when the version is another
 */
export function publishedManifest(manifest, version) {
  if (manifest.version !== version)
    throw new Error(`package.json says ${manifest.version}; set it to ${version} before it is released.`);
  const { name, description, license, type, engines, dependencies, keywords } = manifest;
  const imports = Object.fromEntries(
    Object.entries(manifest.imports)
      .filter(([room]) => room !== '#testing')
      .map(([room, { default: built }]) => [room, built]),
  );
  return {
    name,
    version,
    description,
    license,
    type,
    engines,
    ...(keywords && { keywords }),
    repository: { type: 'git', url: `git+${REPOSITORY}.git` },
    ...(isPreRelease(version) && { publishConfig: { tag: 'next' } }),
    bin: { longshore: 'dist/apps/cli/src/main.js' },
    files: ['dist'],
    imports,
    dependencies,
  };
}
