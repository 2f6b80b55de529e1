import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, realpathSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CACHE, descendantsOf, dieWithParent, eventually, REPOSITORY } from '#testing';
import { run } from './tools.js';
import { readVersions } from './variants.js';

/** What stands in for images that a registry would give. */
const NODE_IMAGE = 'localhost/node';
const ENGINE_IMAGE = 'localhost/llama-server';

/** Works without namespaces, as in a container. */
const ISOLATION = { BUILDAH_ISOLATION: 'chroot' };

/** A process in a container. */
export interface Contained {
  readonly container: string;
  readonly child: ChildProcess;
  /** All that it has printed. */
  readonly printed: () => string;
}

/** Builds images with buildah and runs their programs, without an engine of containers. */
export class ImageBench {
  private readonly started: Contained[] = [];

  private constructor(private readonly folder: string) {}

  static async open(): Promise<ImageBench> {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-images-'));
    // Users of images pass through it to their volumes.
    await chmod(folder, 0o711);
    return new ImageBench(folder);
  }

  /** Makes the images that ours are made from: Debian with Node.js, and the same with a llama-server. */
  async makeBases(): Promise<void> {
    const rootfs = await debian();
    const container = await this.buildah(['from', 'scratch']);
    await this.buildah(['add', '--quiet', container, rootfs, '/']);
    await this.buildah(['copy', '--quiet', container, process.execPath, '/usr/local/bin/node']);
    const npm = realpathSync(join(process.execPath, '../../lib/node_modules/npm'));
    await this.buildah(['copy', '--quiet', container, npm, '/usr/local/lib/node_modules/npm']);
    const link = ['ln', '-s', '../lib/node_modules/npm/bin/npm-cli.js', '/usr/local/bin/npm'];
    await this.buildah(['run', container, '--', ...link]);
    // Where this machine trusts further authorities, so must npm in the build.
    const authorities = process.env['NODE_EXTRA_CA_CERTS'];
    if (authorities !== undefined) {
      await this.buildah(['copy', '--quiet', container, realpathSync(authorities), '/etc/ssl/further.crt']);
      await this.buildah(['config', '--env', 'NODE_EXTRA_CA_CERTS=/etc/ssl/further.crt', container]);
    }
    await this.buildah(['commit', '--quiet', container, NODE_IMAGE]);
    const engine = realpathSync(join(CACHE, 'llama-server', 'current'));
    await this.buildah(['copy', '--quiet', container, engine, '/opt/llama']);
    const inPlace = 'mkdir /app && ln -s /opt/llama/llama-server /app/llama-server';
    await this.buildah(['run', container, '--', 'sh', '-c', inPlace]);
    await this.buildah(['commit', '--quiet', container, ENGINE_IMAGE]);
    await this.buildah(['rm', container]);
  }

  /** Builds a stage of the Dockerfile. @returns the name of the image */
  async build(target: string): Promise<string> {
    const image = `localhost/longshore:${target}`;
    const given = [...readVersions(), ['NODE_IMAGE', NODE_IMAGE], ['BASE_IMAGE', ENGINE_IMAGE]];
    const args = given.flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
    const file = join(this.folder, 'Dockerfile');
    // This builder does not see that a stage is needed whose name depends on an argument.
    const text = await readFile(join(REPOSITORY, 'Dockerfile'), 'utf8');
    await writeFile(file, text.replace('FROM llama-server-${LLAMA_SERVER_VARIANT}', 'FROM llama-server-cpu'));
    const where = ['--file', file, '--target', target, '--tag', image];
    await this.buildah(['bud', '--quiet', ...where, ...args, REPOSITORY]);
    return image;
  }

  /** What an image says of how it is run. */
  async configuration(image: string): Promise<Readonly<Record<string, unknown>>> {
    const text = await this.buildah(['inspect', '--type', 'image', image]);
    const { Docker } = JSON.parse(text) as { Docker: { config: Record<string, unknown> } };
    return Docker.config;
  }

  /** A folder that containers share, as an engine makes it: it belongs to whom the image gave the place it covers. */
  async makeVolume(image: string, covered: string): Promise<string> {
    const container = await this.buildah(['from', image]);
    const owner = await this.buildah(['run', container, '--', 'stat', '-c', '%u %g', covered]);
    const [user = 0, group = 0] = owner.split(' ').map(Number);
    const folder = await mkdtemp(join(this.folder, 'volume-'));
    await chown(folder, user, group);
    return folder;
  }

  /** Starts the program of an image, as the user and with the variables that the image says. */
  async start(
    image: string,
    variables: Readonly<Record<string, string>>,
    volumes: Readonly<Record<string, string>> = {},
  ): Promise<Contained> {
    const container = await this.buildah(['from', image]);
    const mounts = Object.entries(volumes).flatMap(([inside, folder]) => ['--volume', `${folder}:${inside}`]);
    const { Entrypoint } = (await this.configuration(image)) as { Entrypoint: string[] };
    const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const running = ['buildah', ...this.places(), 'run', ...mounts, ...env, container, '--'];
    const [program = '', ...args] = [...dieWithParent(), ...running, ...Entrypoint];
    const child = spawn(program, args, { env: this.environment(), stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (bytes: Buffer) => (printed += bytes.toString()));
    const contained = { container, child, printed: () => printed };
    this.started.push(contained);
    return contained;
  }

  /** Runs a command in the container of a process. */
  async inside(
    { container }: Contained,
    variables: Readonly<Record<string, string>>,
    command: readonly string[],
  ): Promise<string> {
    const env = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    return this.buildah(['run', ...env, container, '--', ...command]);
  }

  /** Asks a process to stop, as an engine of containers does: its init process gets the signal. @returns its exit code */
  async stop({ child }: Contained): Promise<number | null> {
    const init = descendantsOf(child.pid ?? 0).find(({ command }) =>
      command.startsWith('/usr/local/bin/tini'),
    );
    if (init === undefined) throw new Error('There is no init process.');
    const ended = once(child, 'exit') as Promise<[number | null]>;
    process.kill(init.pid, 'SIGTERM');
    const [code] = await ended;
    return code;
  }

  async close(): Promise<void> {
    for (const { child } of this.started) {
      for (const { pid } of descendantsOf(child.pid ?? 0).toReversed()) kill(pid);
      child.kill('SIGKILL');
    }
    const ended = ({ child }: Contained): boolean => child.exitCode !== null || child.signalCode !== null;
    await eventually(() => this.started.every(ended));
    await rm(this.folder, { recursive: true, force: true });
  }

  private places(): string[] {
    const places = ['--root', join(this.folder, 'storage'), '--runroot', join(this.folder, 'run')];
    // The only kind of storage that needs nothing of the system and leaves no mounts.
    return [...places, '--storage-driver', 'vfs'];
  }

  private environment(): NodeJS.ProcessEnv {
    return { ...process.env, ...ISOLATION };
  }

  private async buildah(args: readonly string[]): Promise<string> {
    const { code, stdout, output } = await run('buildah', [...this.places(), ...args], { env: ISOLATION });
    if (code !== 0) throw new Error(`buildah ${args.slice(0, 3).join(' ')} failed: ${output.slice(-3_000)}`);
    return stdout.trim();
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

/** A small Debian, made once and kept. */
async function debian(): Promise<string> {
  const release = readVersions().get('DEBIAN_RELEASE') ?? '';
  const folder = join(CACHE, 'deploy-tools', `rootfs-${release}`);
  if (existsSync(folder)) return folder;
  const unfinished = `${folder}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { recursive: true });
  const wanted = ['--variant=minbase', '--include=ca-certificates,libgomp1,libstdc++6'];
  const { code, output } = await run('debootstrap', [...wanted, release, unfinished]);
  if (code !== 0) throw new Error(`debootstrap failed: ${output.slice(-2_000)}`);
  await rename(unfinished, folder);
  return folder;
}
