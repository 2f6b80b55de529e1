import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { VARIANT_TRAITS, VARIANTS } from '#contracts';
import { ROOT } from '../architecture/planted-tree.js';
import { read, readBakeTargets, readJson, readVariant, readVersions, resolveTarget } from './variants.js';

const versions = readVersions();
const bake = read('deploy/docker-bake.hcl');
const targets = readBakeTargets(bake);
const dockerfile = read('Dockerfile');
const variants = VARIANTS.map(readVariant);

describe('the variants', () => {
  const validate = new Ajv({ allErrors: true }).compile(
    readJson('deploy/variants/variant.schema.json') as object,
  );

  it('are those of the code', () => {
    const folders = readdirSync(join(ROOT, 'deploy/variants'), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(names.toSorted()).toEqual([...VARIANTS].toSorted());
  });

  it.each(VARIANTS)('%s is described as the schema and the code say', (name) => {
    const variant = readVariant(name);
    expect(validate(variant) || validate.errors).toBe(true);
    expect(variant.name).toBe(name);
    expect(variant.engine).toBe(VARIANT_TRAITS[name].engine);
    expect(variant.accelerator).toBe(VARIANT_TRAITS[name].accelerator);
  });

  it('are refused with a property nobody knows, or without an accelerator where there must be one', () => {
    expect(validate({ ...readVariant('cpu'), colour: 'red' })).toBe(false);
    const { accelerator: _, ...blind } = readVariant('cuda');
    expect(validate(blind)).toBe(false);
  });
});

describe('the Dockerfile', () => {
  const stages = new Map(
    [...dockerfile.matchAll(/^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$/gm)].map(
      ([, from = '', name = '']) => [name, from],
    ),
  );

  it.each(variants)('makes $name from what its variant says', ({ target, baseImage, llamaServerVariant }) => {
    const first = stages.get(target)?.replace('${LLAMA_SERVER_VARIANT}', llamaServerVariant ?? '') ?? '';
    const base = stages.get(first) ?? first;
    expect(base.replace('docker.io/', '')).toBe(`\${BASE_IMAGE:-${baseImage}}`);
  });

  it('uses every build argument it declares', () => {
    const declared = new Set([...dockerfile.matchAll(/^ARG (\w+)/gm)].map(([, name = '']) => name));
    const unused = [...declared].filter((name) => !new RegExp(`\\$\\{${name}[}:]`).test(dockerfile));
    expect(unused).toEqual([]);
    for (const name of [
      'LLAMA_SERVER_VERSION',
      'LLAMA_SERVER_VARIANT',
      'BASE_IMAGE',
      'VLLM_VERSION',
      'VLLM_CUDA_VERSION',
      'VLLM_PYTHON_TAG',
      'SGLANG_VERSION',
    ])
      expect(declared).toContain(name);
  });

  it('runs every image as a user without rights, under an init process, with a health check of its own', () => {
    const finals = dockerfile.split(/^FROM /m).filter((stage) => /AS (?:gateway|final-\w+)$/m.test(stage));
    expect(finals).toHaveLength(4);
    for (const stage of finals) {
      expect(stage.match(/^USER .*$/gm)?.at(-1)).toBe('USER 10001:10001');
      expect(stage).toMatch(/^ENTRYPOINT \["\/usr\/local\/bin\/tini", "--",/m);
      expect(stage).toMatch(/^HEALTHCHECK [^]*?CMD \["\/usr\/local\/bin\/node", .*health\.js"\]$/m);
      expect(stage).toMatch(/^STOPSIGNAL SIGTERM$/m);
      for (const label of ['title', 'version', 'revision', 'licenses', 'source', 'description'])
        expect(stage).toContain(`org.opencontainers.image.${label}=`);
    }
  });

  it('stays within what older builders understand', () => {
    expect(dockerfile).not.toMatch(/<<|COPY --link|--start-interval/);
  });
});

describe('the bake file', () => {
  it.each(variants)('builds $name as its variant says', ({ name, target, platforms, llamaServerVariant }) => {
    const found = resolveTarget(targets, name);
    expect(found.target).toBe(target);
    expect(targets.get(name)?.platforms).toEqual(platforms);
    expect(found.args.get('LLAMA_SERVER_VARIANT')).toBe(llamaServerVariant);
    expect(found.text).toContain('tags("' + (name === 'cpu' ? '' : `-${name}`) + '")');
    expect(found.text).toContain('attest = ["type=sbom", "type=provenance,mode=max"]');
  });

  it.each(variants)('hands $name every version it is made from', ({ name, baseImage }) => {
    const { args } = resolveTarget(targets, name);
    for (const [, version = ''] of baseImage.matchAll(/\$\{(\w+)\}/g)) {
      expect(args.get(version)).toBe(version);
      expect(versions.get(version)).toMatch(/^\S+$/);
    }
  });

  it('builds the optional variants only when asked, and all others in a release', () => {
    const group = (name: string): string[] => {
      const list = new RegExp(`^group "${name}" \\{ targets = \\[(.*)\\] \\}$`, 'm').exec(bake)?.[1] ?? '';
      return list.split(', ').map((word) => word.replaceAll('"', ''));
    };
    const names = (optional: boolean): string[] =>
      variants.filter((variant) => (variant.optional === true) === optional).map(({ name }) => name);
    expect(group('released').toSorted()).toEqual(['gateway', ...names(false)].toSorted());
    expect(group('optional').toSorted()).toEqual(names(true).toSorted());
  });

  it('passes on versions and none of its own', () => {
    const declared = [...bake.matchAll(/^variable "(\w+)" \{\}$/gm)].map(([, name = '']) => name);
    const beside = ['REDIS_VERSION', 'PROMETHEUS_VERSION', 'GRAFANA_VERSION'];
    expect(declared.toSorted()).toEqual(
      [...versions.keys()].filter((name) => !beside.includes(name)).toSorted(),
    );
  });
});
