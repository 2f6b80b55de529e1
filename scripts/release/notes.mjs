// node scripts/release/notes.mjs TAG: prints what CHANGELOG.md says of the version that the tag releases.
import { readFileSync } from 'node:fs';
import { releasedVersion, releaseNotes } from './release-parts.mjs';

try {
  const [tag = ''] = process.argv.slice(2);
  const version = releasedVersion(tag);
  if (version === undefined) throw new Error(`"${tag}" releases nothing; use a tag such as v1.2.3.`);
  const changelog = readFileSync(new URL('../../CHANGELOG.md', import.meta.url), 'utf8');
  console.log(releaseNotes(changelog, version));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
