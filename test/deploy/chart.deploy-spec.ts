import { readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { parseDuration } from '#config';
import { completionQueue, loadQueue, Names, VARIANTS } from '#contracts';
import { ROOT } from '../architecture/planted-tree.js';
import { CHART, type KubernetesObject, template, values } from './chart.js';
import { CUSTOM_OBJECTS } from './custom-objects.js';
import { findTool, type Ran, run } from './tools.js';
import { read, readVariant, readVersions, readYaml } from './variants.js';

const files = readdirSync(join(ROOT, CHART, 'ci'));

/** By the schemas of Kubernetes; whatever it does not know of is let through with a warning. */
async function validateText(text: string): Promise<Ran> {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-chart-'));
  try {
    await writeFile(join(folder, 'objects.yaml'), text);
    return await run('kubernetes-validate', ['--strict', join(folder, 'objects.yaml')]);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.skipIf(findTool('helm') === undefined)('the chart', () => {
  it.each(files)('has nothing to complain of with %s', async (file) => {
    const { code, output } = await run('helm', ['lint', '--strict', CHART, ...values(file)]);
    expect({ code, output }).toMatchObject({ code: 0 });
  });

  it.each(files)('makes objects that Kubernetes and its extensions know, with %s', async (file) => {
    const ajv = new Ajv({ strict: false });
    const objects = await template(values(file));
    const custom = objects.filter(({ kind }) => kind in CUSTOM_OBJECTS);
    for (const object of custom) {
      const validate = ajv.compile(CUSTOM_OBJECTS[object.kind] ?? {});
      expect([object.metadata.name, validate(object) || validate.errors]).toEqual([
        object.metadata.name,
        true,
      ]);
    }
    const names = new Set(objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`));
    expect(names.size).toBe(objects.length);
  });

  it.runIf(findTool('kubernetes-validate')).each(files)(
    'is valid by the schemas of Kubernetes with %s',
    async (file) => {
      const { stdout } = await run('helm', ['template', 'longshore', CHART, ...values(file)]);
      const objects = parseAllDocuments(stdout).map((document) => document.toJS() as KubernetesObject | null);
      const custom = objects.filter((object) => object !== null && object.kind in CUSTOM_OBJECTS).length;
      const { code, output } = await validateText(stdout);
      expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
      const passed = output.match(/ passed for resource /g)?.length ?? 0;
      expect(passed).toBe(objects.filter((object) => object !== null).length - custom);
    },
  );

  it('runs everything without rights, and asks accelerators nothing when it asks whether a worker lives', async () => {
    const objects = await template(values('gpu-fleet-values.yaml'));
    const pods = objects.flatMap(({ spec }) => (spec?.template === undefined ? [] : [spec.template.spec]));
    expect(pods.length).toBeGreaterThan(4);
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const { securityContext, livenessProbe } of pod.containers) {
        expect(securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect([undefined, '/health/live']).toContain(livenessProbe?.httpGet?.path);
      }
    }
  });

  it('gives every process places to write to, and workers the groups that own their devices', async () => {
    const objects = await template(values('external-redis-values.yaml'));
    const pods = objects.flatMap(({ kind, metadata, spec }) =>
      kind === 'Deployment' && spec.template ? [{ name: metadata.name, ...spec.template.spec }] : [],
    );
    expect(pods.length).toBeGreaterThan(1);
    for (const { name, containers, securityContext } of pods) {
      const written = containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath);
      const wanted = ['/tmp', '/home/longshore', ...(name.includes('-worker-') ? ['/models'] : [])];
      expect(written).toEqual(expect.arrayContaining(wanted));
      expect(securityContext.supplementalGroups).toEqual(name.endsWith('-cann') ? [1000] : undefined);
    }
  });

  it('lets scalers show the password of a Redis that is not its own', async () => {
    const objects = await template(values('external-redis-values.yaml'));
    const scaled = objects.find(({ kind }) => kind === 'ScaledObject');
    expect(scaled?.spec.triggers?.length).toBeGreaterThan(0);
    for (const { authenticationRef } of scaled?.spec.triggers ?? [])
      expect(authenticationRef).toEqual({ name: 'redis' });
  });

  it('gives stopping pods more time than what was begun gets', async () => {
    const draining = (await template(values('default-values.yaml'))).flatMap(({ metadata, spec }) => {
      const pod = spec?.template?.spec;
      const drain = pod?.containers[0]?.env?.find(({ name }) => name === 'LONGSHORE_DRAIN_TIMEOUT')?.value;
      const grace = 1_000 * (pod?.terminationGracePeriodSeconds ?? 0);
      return drain === undefined ? [] : [{ name: metadata.name, drain: parseDuration(drain), grace }];
    });
    expect(draining.map(({ name }) => name).toSorted()).toEqual([
      'longshore-gateway',
      'longshore-worker-cpu',
    ]);
    expect(draining.filter(({ drain, grace }) => grace < drain + 30_000)).toEqual([]);
  });

  it.each(VARIANTS)('runs %s with the image and the resource of its variant', async (name) => {
    const { devices } = readVariant(name);
    const objects = await template(['--set', `workers.it.variant=${name}`, '--set', 'image.tag=t']);
    const worker = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('worker-it'),
    );
    const [container] = worker?.spec.template?.spec.containers ?? [];
    expect(container?.image).toBe(`docker.io/longshore/longshore:t${name === 'cpu' ? '' : `-${name}`}`);
    expect(container?.resources?.limits).toEqual(devices && { [devices.resource]: 1 });
  });

  it('can leave gateways at an older release than workers', async () => {
    const objects = await template(['--set', 'image.tag=new', '--set', 'gateway.imageTag=old']);
    const images = objects.flatMap(({ kind, spec }) =>
      kind === 'Deployment' ? (spec.template?.spec.containers.map(({ image }) => image) ?? []) : [],
    );
    expect(images).toEqual([
      'docker.io/longshore/longshore:old-gateway',
      'docker.io/longshore/longshore:new',
    ]);
  });

  it('takes the name an operator gives to its resource', async () => {
    const objects = await template(values('external-redis-values.yaml'));
    const musa = objects.find(
      ({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'longshore-worker-musa',
    );
    expect(musa?.spec.template?.spec.containers[0]?.resources?.limits).toEqual({ 'mthreads.com/vgpu': 2 });
  });

  it('lets scalers count in the very queues that gateways fill', async () => {
    const objects = await template(values('external-redis-values.yaml'));
    const scaled = objects.find(({ kind }) => kind === 'ScaledObject');
    const names = new Names('longshore');
    const digest = (byte: string): string => `sha256:${byte.repeat(32)}`;
    const queues = [
      loadQueue('musa'),
      completionQueue({ variant: 'musa', modelId: digest('0a'), mode: 'completion' }),
      completionQueue({ variant: 'musa', modelId: digest('0b'), mode: 'embedding' }),
    ];
    expect(scaled?.spec.triggers?.map(({ metadata }) => metadata['listName'])).toEqual(
      queues.flatMap((queue) =>
        ['wait', 'prioritized', 'active'].map((state) => `${names.queueKey(queue)}:${state}`),
      ),
    );
  });

  it('lets requests wait for kinds of workers that may all be gone', async () => {
    const standby = async (args: readonly string[]): Promise<string | undefined> => {
      const gateway = (await template(args)).find(
        ({ kind, metadata }) => kind === 'Deployment' && metadata.name.endsWith('-gateway'),
      );
      const [container] = gateway?.spec.template?.spec.containers ?? [];
      return container?.env?.find(({ name }) => name === 'LONGSHORE_STANDBY_VARIANTS')?.value;
    };
    expect(await standby(values('gpu-fleet-values.yaml'))).toBe('vllm-cuda');
    expect(await standby(values('default-values.yaml'))).toBeUndefined();
  });

  it.each([
    ['a variant nobody knows', 'workers.x.variant=tpu'],
    ['a value nobody reads', 'gateway.replica=3'],
    ['a way to keep models that does not exist', 'workerDefaults.cache.mode=cloud'],
    ['a worker of no variant', 'workers.x.replicas=1'],
  ])('refuses %s', async (_, setting) => {
    const { code, output } = await run('helm', ['template', 'x', CHART, '--set', setting]);
    expect(code).not.toBe(0);
    expect(output).toMatch(/values don't meet|validat/);
  });

  it('lets no misspelt value through, at any depth', () => {
    const open: string[] = [];
    const look = (schema: unknown, path: string): void => {
      if (typeof schema !== 'object' || schema === null) return;
      if ('properties' in schema && !('additionalProperties' in schema)) open.push(path);
      for (const [name, part] of Object.entries(schema)) look(part, `${path}/${name}`);
    };
    look(JSON.parse(read(`${CHART}/values.schema.json`)), '');
    expect(open).toEqual([]);
  });

  it('is what the static files were made from', async () => {
    const { code, output } = await run('node', ['scripts/render-static.mjs', '--check']);
    expect({ code, output: code === 0 ? '' : output }).toEqual({ code: 0, output: '' });
  });

  it('names the same Redis as everything else', () => {
    const { redis } = readYaml(`${CHART}/values.yaml`) as { redis: { own: { tag: string } } };
    expect(redis.own.tag).toBe(readVersions().get('REDIS_VERSION'));
  });

  it('is of the release that package.json names', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string };
    const chart = readYaml(`${CHART}/Chart.yaml`) as { version: string; appVersion: string };
    expect(chart).toMatchObject({ version, appVersion: `v${version}` });
  });
});
