// node scripts/render-static.mjs [--check]: brings what the chart repeats of other folders into it, and renders
// deploy/static from it, for clusters without helm. With --check it only tells what differs.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { ensureDeployTools } from './setup/deploy-tools.mjs';

const root = fileURLToPath(new URL('..', import.meta.url)).replace(/\/$/, '');
const chart = join(root, 'deploy/helm/longshore');
const read = (path) => readFileSync(join(root, path), 'utf8');
const check = process.argv.includes('--check');
const different = [];

function put(path, text) {
  if (existsSync(path) && readFileSync(path, 'utf8') === text) return;
  different.push(path.slice(root.length + 1));
  if (check) return;
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, text);
}

/** What the chart has to know of each variant. */
function variants() {
  const folders = readdirSync(join(root, 'deploy/variants'), { withFileTypes: true });
  const names = folders.filter((one) => one.isDirectory()).map(({ name }) => name);
  const entries = names.map((name) => {
    const { devices, sharedMemory } = JSON.parse(read(`deploy/variants/${name}/variant.json`));
    return [
      name,
      {
        suffix: name === 'cpu' ? '' : `-${name}`,
        resource: devices?.resource ?? '',
        sharedMemory: sharedMemory?.replace(/g$/, 'Gi') ?? '',
      },
    ];
  });
  return `# Made from deploy/variants by scripts/render-static.mjs.\n${stringify(Object.fromEntries(entries))}`;
}

put(join(chart, 'files/variants.yaml'), variants());
put(join(chart, 'files/rules.yml'), read('deploy/prometheus/rules.yml'));
for (const name of readdirSync(join(root, 'deploy/grafana/dashboards')))
  put(join(chart, 'files/dashboards', name), read(`deploy/grafana/dashboards/${name}`));

const tools = await ensureDeployTools(root, { thorough: false, say: console.log });
for (const file of readdirSync(join(chart, 'ci'))) {
  const name = file.replace(/-values\.yaml$/, '');
  const args = [
    'template',
    'longshore',
    chart,
    '--namespace',
    'longshore',
    '--values',
    join(chart, 'ci', file),
  ];
  const text = execFileSync(join(tools, 'helm'), [...args, '--skip-tests'], { encoding: 'utf8' });
  const head = `# Made by "make helm-template" from the chart and its ci/${file}.\n`;
  put(join(root, 'deploy/static', `${name}.yaml`), head + text);
}

console.log(
  different.length === 0
    ? 'Everything is as the chart says.'
    : `${check ? 'Not up to date' : 'Written'}: ${different.join(', ')}`,
);
if (check && different.length > 0) process.exitCode = 1;
