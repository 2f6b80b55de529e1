import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneAtATime } from './one-at-a-time.mjs';
import { runStep } from './run-step.mjs';

const SOURCE_FOLDERS = ['apps', 'libs', 'test', 'scripts'];
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package.json', 'package-lock.json'];
const TESTS = /\.(?:spec|int-spec|e2e-spec|vllm-spec|deploy-spec)\.ts$/;

/**
 * What to do about `dist`: whether to compile, whether everything anew, and which sources have gone since. Both
 * arguments are lists of `path size mtime` lines; `built` is undefined when there was no complete build.
 */
export function planBuild(sources, built) {
  const now = new Set(sources.map(pathOf));
  const before = new Set(built);
  const lost = (built ?? []).map(pathOf).filter((path) => !now.has(path));
  const changed = sources.some((line) => !before.has(line));
  return { compile: changed || lost.length > 0, anew: built === undefined, lost };
}

/**
 * Compiles the sources into `dist` when they have changed since the last complete build. Files are replaced in place,
 * because a cluster may be running from there. `say` hears one line before the work starts, one when another is at it
 * already, and nothing when there is none.
 * @throws Error with the compiler's output when it refuses
 */
export async function ensureBuilt(root, say = () => {}) {
  const stamp = join(root, 'dist', '.sources');
  const { compile } = planBuild(await listSources(root), await readLines(stamp));
  if (compile) await oneAtATime(root, say, () => build(root, stamp, say));
}

async function build(root, stamp, say) {
  const sources = await listSources(root);
  const { compile, anew, lost } = planBuild(sources, await readLines(stamp));
  if (!compile) return;
  say('Building.');
  const outputs = lost.flatMap((path) => ['js', 'js.map'].map((end) => path.replace(/ts$/, end)));
  const record = anew ? ['.build.tsbuildinfo'] : [];
  for (const file of ['.sources', ...record, ...outputs]) await rm(join(root, 'dist', file), { force: true });
  await runStep({
    command: 'npm',
    args: ['run', '--silent', 'build'],
    cwd: root,
    mayBeKilled: true,
    failure: 'The sources do not compile; "npm run build" said',
  });
  await mkdir(join(root, 'dist'), { recursive: true });
  await writeFile(stamp, `${sources.join('\n')}\n`);
}

function pathOf(line) {
  return line.split(' ')[0];
}

async function listSources(root) {
  const lists = await Promise.all(SOURCE_FOLDERS.map((folder) => listFolder(root, folder)));
  const files = [...SETTINGS, ...lists.flat()];
  return Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(join(root, file));
      return `${file} ${size} ${Math.round(mtimeMs)}`;
    }),
  );
}

async function listFolder(root, folder) {
  const entries = await readdir(join(root, folder), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !TESTS.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(root.length + 1));
}

async function readLines(file) {
  try {
    return (await readFile(file, 'utf8')).trimEnd().split('\n');
  } catch {
    return undefined;
  }
}
