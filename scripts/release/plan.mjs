// node scripts/release/plan.mjs: writes what the release workflow builds, as lines for $GITHUB_OUTPUT, from its inputs
// in the environment, deploy/versions.env and deploy/variants.
import { readdirSync, readFileSync } from 'node:fs';
import { planRelease, readVersions } from './release-parts.mjs';

const deploy = new URL('../../deploy/', import.meta.url);
const read = (path) => readFileSync(new URL(path, deploy), 'utf8');

try {
  const folders = readdirSync(new URL('variants', deploy), { withFileTypes: true }).filter((one) =>
    one.isDirectory(),
  );
  const variants = folders.map(({ name }) => JSON.parse(read(`variants/${name}/variant.json`)));
  const lines = planRelease({ env: process.env, versions: readVersions(read('versions.env')), variants });
  process.stdout.write(`${lines.join('\n')}\n`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
