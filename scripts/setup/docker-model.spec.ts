import { chmod, mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';

type Ensure = (root: string, say: (line: string) => void) => Promise<string>;
const file = new URL('./docker-model.mjs', import.meta.url).href;
const { ensureDockerModel } = (await import(file)) as { readonly ensureDockerModel: Ensure };

const nothing = (): void => undefined;
let root: TemporaryFolder;
beforeEach(async () => {
  root = await makeTemporaryFolder('setup');
  vi.stubEnv('DOCKER_MODEL_PATH', undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await root.remove();
});

async function program(path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, '#!/bin/sh\n');
  await chmod(path, 0o755);
  return path;
}

describe('ensureDockerModel', () => {
  it('takes the program that DOCKER_MODEL_PATH names', async () => {
    const own = await program(join(root.path, 'own'));
    vi.stubEnv('DOCKER_MODEL_PATH', own);
    expect(await ensureDockerModel(root.path, nothing)).toBe(own);
  });

  it('refuses a DOCKER_MODEL_PATH that names no program', async () => {
    vi.stubEnv('DOCKER_MODEL_PATH', join(root.path, 'none'));
    await expect(ensureDockerModel(root.path, nothing)).rejects.toThrow(/none, which is no program; correct/);
  });

  it('takes what was built before, without Go, and points to it', async () => {
    vi.stubEnv('PATH', root.path);
    const folder = join(root.path, '.cache', 'docker-model');
    const built = await program(join(folder, 'v1.2.6', 'docker-model'));
    expect(await ensureDockerModel(root.path, nothing)).toBe(built);
    expect(await readlink(join(folder, 'current'))).toBe('v1.2.6');
  });

  it('points to it also where a run of the same number was killed in the midst of that', async () => {
    const folder = join(root.path, '.cache', 'docker-model');
    await program(join(folder, 'v1.2.6', 'docker-model'));
    await symlink('v1.2.6', join(folder, `current.${process.pid}`));
    await ensureDockerModel(root.path, nothing);
    expect((await readdir(folder)).toSorted()).toEqual(['current', 'v1.2.6']);
  });

  it('says that it takes Go to build one', async () => {
    vi.stubEnv('PATH', root.path);
    await expect(ensureDockerModel(root.path, nothing)).rejects.toThrow(
      /Install Go, or set DOCKER_MODEL_PATH/,
    );
  });

  it('says what Go says when the source cannot be fetched', async () => {
    const go = await program(join(root.path, 'go'));
    await writeFile(go, '#!/bin/sh\necho \'{"Error":"no such host"}\'\nexit 1\n');
    vi.stubEnv('PATH', `${root.path}:/usr/bin:/bin`);
    const said: string[] = [];
    await expect(ensureDockerModel(root.path, (line) => said.push(line))).rejects.toThrow(
      /fetched: .*no such host/,
    );
    expect(said).toEqual([expect.stringMatching(/^Building docker-model v1\.2\.6; /)]);
  });
});
