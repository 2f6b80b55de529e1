import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { VARIABLES, FOREIGN_VARIABLES } from '#config';
import { VARIANTS } from '#contracts';
import { join } from 'node:path';
import { ROOT } from '../architecture/planted-tree.js';
import { read, readVariant, readVersions, readYaml, type ComposeDevices } from './variants.js';

interface Service {
  readonly image: string;
  readonly build?: { readonly target: string; readonly args: Readonly<Record<string, string>> };
  readonly profiles?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly stop_grace_period?: string;
  readonly gpus?: string;
  readonly runtime?: string;
  readonly devices?: readonly string[];
  readonly group_add?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly volumes?: readonly string[];
  readonly shm_size?: string;
}

const { services } = readYaml('deploy/compose/cluster.yml') as {
  readonly services: Readonly<Record<string, Service>>;
};
const service = (name: string): Service => {
  const found = services[name];
  if (found === undefined) throw new Error(`There is no service ${name}.`);
  return found;
};
const variants = VARIANTS.map(readVariant);

/** What a service says of devices, in the words of variant.json. */
function devicesOf(worker: Service): ComposeDevices {
  const { gpus, runtime, devices, group_add: groups, security_opt: security = [], volumes = [] } = worker;
  const mounts = volumes.filter((volume) => volume.startsWith('/'));
  const shared = Object.keys(service('worker-cpu').environment ?? {});
  const own = Object.entries(worker.environment ?? {}).filter(([name]) => !shared.includes(name));
  const lifted = security.filter((option) => option !== 'no-new-privileges:true');
  return {
    ...(gpus === 'all' && { gpus }),
    ...(runtime !== undefined && { runtime }),
    ...(own.length > 0 && { environment: Object.fromEntries(own) }),
    ...(devices !== undefined && { devices }),
    ...(groups !== undefined && { groups: groups.map((group) => /\$\{(\w+)/.exec(group)?.[1] ?? group) }),
    ...(mounts.length > 0 && { mounts: mounts.map((mount) => mount.split(':')[0] ?? '') }),
    ...(lifted.length > 0 && { securityOptions: lifted }),
  };
}

describe('the compose files', () => {
  it.each(variants)('run $name as its variant says', (variant) => {
    const worker = service(`worker-${variant.name}`);
    expect(worker.profiles).toEqual(variant.name === 'cpu' ? undefined : [variant.name]);
    expect(worker.image).toBe(
      `\${REPO:-longshore/longshore}:\${TAG:-latest}${variant.name === 'cpu' ? '' : `-${variant.name}`}`,
    );
    expect(worker.build?.target).toBe(variant.target);
    expect(worker.build?.args['LLAMA_SERVER_VARIANT']).toBe(variant.llamaServerVariant);
    expect(worker.environment?.['LONGSHORE_VARIANT']).toBe(variant.name);
    expect(worker.shm_size).toBe(variant.sharedMemory);
    expect(devicesOf(worker)).toEqual(variant.devices?.compose ?? {});
  });

  it('let any number of workers of a kind run beside each other: none has a name, an address or a store of its own', () => {
    for (const { name } of variants) {
      const worker = service(`worker-${name}`);
      expect(Object.keys(worker)).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/^(?:ports|hostname|container_name|network_mode)$/)]),
      );
      expect(Object.keys(worker.environment ?? {})).not.toEqual(
        expect.arrayContaining([expect.stringMatching(/WORKER_ID|STORE_(?:URL|HOST|PORT)|RUN_DIRECTORY/)]),
      );
      expect(worker.volumes).toContain('models:/models');
    }
  });

  it('hand a build every version its image is made from', () => {
    const wanted = variants.flatMap(({ name, baseImage }) =>
      [...baseImage.matchAll(/\$\{(\w+)\}/g)].map(([, version = '']) => ({ name, version })),
    );
    expect(wanted.length).toBeGreaterThanOrEqual(variants.length);
    for (const { name, version } of wanted)
      expect(service(`worker-${name}`).build?.args[version]).toBe(`\${${version}}`);
  });

  it('set only variables that exist', () => {
    const known = new Set([...Object.keys(VARIABLES), ...Object.keys(FOREIGN_VARIABLES)]);
    const ours = Object.entries(services).filter(([name]) => name !== 'redis');
    const used = ours.flatMap(([, { environment = {} }]) => Object.keys(environment));
    const unknown = used.map((name) => name.replace(/_FILE$/, '')).filter((name) => !known.has(name));
    expect(unknown.filter((name) => name !== 'MTHREADS_DRIVER_CAPABILITIES')).toEqual([]);
  });

  it('leave a stopping process more time than it gives what it has begun', () => {
    const ours = Object.entries(services).filter(([name]) => name !== 'redis');
    expect(ours.length).toBeGreaterThan(variants.length);
    for (const [, { environment, stop_grace_period: grace }] of ours) {
      expect(environment?.['LONGSHORE_DRAIN_TIMEOUT']).toBe('10m');
      expect(grace).toBe('11m');
    }
  });

  it('keep what is queued: Redis evicts nothing and writes everything down', () => {
    const text = read('deploy/compose/cluster.yml');
    expect(text).toContain('--appendonly yes');
    expect(text).toContain('--maxmemory-policy noeviction');
  });

  it('take every foreign version from the one file', () => {
    const texts = readdirSync(join(ROOT, 'deploy/compose')).filter((name) => name.endsWith('.yml'));
    expect(texts).toContain('cluster.yml');
    for (const value of readVersions().values())
      for (const name of texts) expect(read(`deploy/compose/${name}`)).not.toContain(value);
    const images = texts.flatMap((name) => read(`deploy/compose/${name}`).match(/^ +image: .*$/gm) ?? []);
    expect(images.filter((image) => !/:\$\{[A-Z_]+/.test(image))).toEqual([]);
  });
});
