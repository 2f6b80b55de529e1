// node scripts/release/pack.mjs TAG FOLDER: makes a folder that "npm publish" takes, from what "npm run build" has made.
import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publishedManifest, releasedVersion } from './release-parts.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

try {
  const [tag = '', folder = ''] = process.argv.slice(2);
  const version = releasedVersion(tag);
  if (version === undefined || folder === '') throw new Error('Usage: pack.mjs v1.2.3 FOLDER');
  const target = resolve(folder);
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const published = publishedManifest(manifest, version);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const isShipped = (path) =>
    !/\.map$|\.tsbuildinfo$|__(?:fakes|fixtures|contract)__|libs\/testing/.test(path);
  for (const room of ['apps', 'libs'])
    await cp(join(root, 'dist', room), join(target, 'dist', room), { recursive: true, filter: isShipped });
  for (const file of ['LICENSE', 'README.md']) await cp(join(root, file), join(target, file));
  await writeFile(join(target, 'package.json'), `${JSON.stringify(published, null, 2)}\n`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
