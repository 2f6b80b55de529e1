import { cp, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { VARIANTS } from '#contracts';
import { ROOT } from '../architecture/planted-tree.js';
import { findTool, run, versionEnvironment } from './tools.js';
import { read, readVariant, readVersions } from './variants.js';

const clean = { code: 0, output: '', stdout: '' };
const lacks = (tool: string): boolean => findTool(tool) === undefined;

describe.skipIf(lacks('hadolint'))('hadolint', () => {
  it('finds nothing in the Dockerfile', async () => {
    expect(await run('hadolint', ['Dockerfile'])).toEqual(clean);
  });

  it('finds what is wrong in a bad one', async () => {
    const { code, output } = await run('hadolint', ['-'], {
      input: 'FROM debian\nRUN cd /x && apt-get install y\n',
    });
    expect(code).not.toBe(0);
    expect(output).toContain('DL3006');
  });
});

describe.skipIf(lacks('shellcheck'))('shellcheck', () => {
  it('finds nothing in the scripts of images and CI', async () => {
    const inImages = (await readdir(join(ROOT, 'deploy/docker'))).filter((name) => name.endsWith('.sh'));
    const scripts = ['.ci/run', ...inImages.map((name) => `deploy/docker/${name}`)];
    expect(await run('shellcheck', scripts)).toEqual(clean);
  });
});

describe.skipIf(lacks('promtool'))('promtool', () => {
  it('takes the alerts', async () => {
    expect((await run('promtool', ['check', 'rules', 'deploy/prometheus/rules.yml'])).output).toContain(
      'SUCCESS',
    );
  });

  it('sees the alerts fire when they must, and only then', async () => {
    const { code, output } = await run('promtool', ['test', 'rules', 'deploy/prometheus/rules.test.yml']);
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it('takes the settings of Prometheus', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-prometheus-'));
    try {
      // The key lies where the container has it.
      const text = (
        await run('sed', ['s#/run/secrets/metrics_key#/dev/null#', 'deploy/prometheus/prometheus.yml'])
      ).stdout;
      await writeFile(
        join(folder, 'prometheus.yml'),
        text.replace('rules.yml', join(ROOT, 'deploy/prometheus/rules.yml')),
      );
      const { code, output } = await run('promtool', ['check', 'config', join(folder, 'prometheus.yml')]);
      expect({ code, output }).toMatchObject({ code: 0 });
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe.skipIf(lacks('docker-compose'))('docker compose', () => {
  const config = async (args: readonly string[], env: Record<string, string> = {}): Promise<unknown> => {
    const { code, stdout, output } = await run('docker-compose', [...args, 'config', '--format', 'json'], {
      env,
    });
    expect({ code, output }).toMatchObject({ code: 0 });
    return JSON.parse(stdout);
  };

  it('starts gateway, Redis and a worker on the processor, at the port that is asked for', async () => {
    const { services } = (await config([], { PORT: '3000', DMR_ORIGINS: 'http://a' })) as {
      services: Record<string, { image: string; ports?: unknown; environment?: Record<string, string> }>;
    };
    expect(Object.keys(services).toSorted()).toEqual(['gateway', 'redis', 'worker-cpu']);
    expect(services['gateway']?.ports).toMatchObject([
      { published: '3000', target: 12_434, host_ip: '127.0.0.1' },
    ]);
    expect(services['gateway']?.environment?.['DMR_ORIGINS']).toBe('http://a');
    expect(services['redis']?.image).toContain(readVersions().get('REDIS_VERSION'));
  });

  it.each([...VARIANTS].filter((name) => name !== 'cpu').concat('observability' as never))(
    'takes the profile %s',
    async (profile) => {
      const { services } = (await config(['--profile', profile])) as { services: object };
      expect(Object.keys(services).length).toBeGreaterThan(3);
    },
  );

  it('keeps models in a folder of the machine when it is told to', async () => {
    const files = ['--file', 'docker-compose.yml', '--file', 'deploy/compose/models-path.yml'];
    const profiles = VARIANTS.flatMap((name) => ['--profile', name]);
    const { services } = (await config([...files, ...profiles], { MODELS_PATH: '/srv/models' })) as {
      services: Record<string, { volumes?: { type: string; source: string; target: string }[] }>;
    };
    for (const name of VARIANTS) {
      const kept = services[`worker-${name}`]?.volumes?.filter(({ target }) => target === '/models');
      expect(kept).toMatchObject([{ type: 'bind', source: '/srv/models' }]);
    }
    expect(services['worker-cann']?.volumes).toHaveLength(5);
  });

  it('lets the settings of a machine win over what the repository says', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'longshore-compose-'));
    try {
      await cp(join(ROOT, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
      for (const path of ['deploy/compose', 'deploy/versions.env'])
        await cp(join(ROOT, path), join(folder, path), { recursive: true });
      await writeFile(join(folder, '.env'), 'PORT=3999\nREDIS_VERSION=mine\n');
      await writeFile(join(folder, 'worker.env'), 'LONGSHORE_MEMORY=4GiB\n');
      await writeFile(join(folder, 'gateway.env'), 'LONGSHORE_MAX_WAITING=7\n');
      const { stdout } = await run('docker-compose', ['config', '--format', 'json'], { cwd: folder });
      const { services } = JSON.parse(stdout) as { services: Record<string, object> };
      expect(services).toMatchObject({
        redis: { image: 'docker.io/library/redis:mine' },
        gateway: { ports: [{ published: '3999' }], environment: { LONGSHORE_MAX_WAITING: '7' } },
        'worker-cpu': { environment: { LONGSHORE_MEMORY: '4GiB' } },
      });
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('takes a service of our provider as the documentation shows it', async () => {
    const [, shown = ''] = /```yaml\n(services:.*?)```/s.exec(read('docs/deployment.md')) ?? [];
    const args = ['--project-name', 'shown', '--file', '-', 'config', '--format', 'json'];
    const { code, stdout, output } = await run('docker-compose', args, { input: shown });
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(JSON.parse(stdout)).toMatchObject({
      services: { llm: { provider: { type: 'longshore', options: { model: ['ai/smollm2'] } } } },
    });
  });
});

describe.skipIf(lacks('docker-buildx'))('docker buildx bake', () => {
  it('builds each variant from what its file says', async () => {
    const args = ['bake', '--file', 'deploy/docker-bake.hcl', '--print', 'released', 'optional'];
    const env = { ...versionEnvironment(), TAG: 'v1', PUSH_LATEST: 'true', REPO: 'r/l' };
    const { stdout } = await run('docker-buildx', args, { env });
    const { target } = JSON.parse(stdout) as { target: Record<string, unknown> };
    for (const name of VARIANTS) {
      const { target: stage, platforms, llamaServerVariant } = readVariant(name);
      const suffix = name === 'cpu' ? '' : `-${name}`;
      expect(target[name]).toMatchObject({
        target: stage,
        platforms,
        tags: [`r/l:v1${suffix}`, `r/l:latest${suffix}`],
        attest: [{ type: 'sbom' }, { type: 'provenance', mode: 'max' }],
        ...(llamaServerVariant !== undefined && { args: { LLAMA_SERVER_VARIANT: llamaServerVariant } }),
      });
    }
  });
});
