// node scripts/release/tag.mjs TAG: makes the tag of a release here, after it has seen that package.json and
// CHANGELOG.md are ready for it and that nothing is uncommitted. Pushing it is left to people.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { publishedManifest, releasedVersion, releaseNotes } from './release-parts.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8' });
const read = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

try {
  const [tag = ''] = process.argv.slice(2);
  const version = releasedVersion(tag);
  if (version === undefined) throw new Error(`"${tag}" is no release; use a tag such as v1.2.3.`);
  publishedManifest(JSON.parse(read('package.json')), version);
  const notes = releaseNotes(read('CHANGELOG.md'), version);
  if (git('status', '--porcelain') !== '') throw new Error('Something is not committed; commit it first.');
  git('tag', '--annotate', tag, '--message', `${tag}\n\n${notes}`);
  console.log(`Made ${tag}. Push it with: git push origin ${tag}`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
