import { execFile } from 'node:child_process';
import { appendFile, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { chooseFiles } from './choose-files.js';
import { packUpload } from './upload.js';
import { tarSize, writeTar } from './write-tar.js';

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder('files');
});
afterAll(async () => folder.remove());

async function file(name: string, content = name): Promise<string> {
  const path = join(folder.path, name);
  await writeFile(path, content);
  return path;
}

const named = async (options: Parameters<typeof chooseFiles>[0]): Promise<string[]> =>
  (await chooseFiles(options)).map(({ name }) => name);

describe('chooseFiles', () => {
  it('gives each file the name by which the cluster knows what it is for', async () => {
    const options = {
      gguf: await file('mmproj-odd-name.gguf'),
      mmproj: await file('vision.gguf'),
      chatTemplate: await file('template.txt'),
      license: [await file('apache.txt'), await file('other.md')],
    };
    expect(await named(options)).toEqual([
      'model.gguf',
      'LICENSE',
      'LICENSE-2',
      'mmproj.gguf',
      'chat_template.jinja',
    ]);
  });

  it('finds the other shards, and says which is missing', async () => {
    await file('big-00001-of-00003.gguf');
    const second = await file('big-00002-of-00003.gguf');
    await expect(chooseFiles({ gguf: second })).rejects.toThrow(/^There is no .*big-00003-of-00003\.gguf\.$/);
    await file('big-00003-of-00003.gguf');
    expect(await named({ gguf: second })).toEqual(
      [1, 2, 3].map((shard) => `model-0000${shard}-of-00003.gguf`),
    );
  });

  it('takes a folder with what is in its folders, without what is hidden', async () => {
    const path = join(folder.path, 'tensors');
    await mkdir(join(path, 'sub', '.git'), { recursive: true });
    for (const name of ['a.safetensors', '.secret', 'sub/b.json', 'sub/.git/config', 'chat_template.jinja'])
      await writeFile(join(path, name), name);
    const chatTemplate = await file('mine.jinja');
    expect(await named({ safetensorsDir: path, chatTemplate })).toEqual([
      'a.safetensors',
      'sub/b.json',
      'chat_template.jinja',
    ]);
  });

  it('follows links to files, not to folders, and names a link that leads nowhere', async () => {
    const path = join(folder.path, 'linked');
    await mkdir(path);
    await symlink(await file('weights'), join(path, 'a.safetensors'));
    await symlink(folder.path, join(path, 'circle'));
    expect(await named({ safetensorsDir: path })).toEqual(['a.safetensors']);
    await symlink('/nowhere', join(path, 'b.json'));
    await expect(chooseFiles({ safetensorsDir: path })).rejects.toThrow(/^There is no .*linked\/b\.json\.$/);
  });

  it('says that a folder has no weights', async () => {
    const path = join(folder.path, 'empty-folder');
    await mkdir(path);
    await expect(chooseFiles({ safetensorsDir: path })).rejects.toThrow(
      /^There is no \.safetensors file in /,
    );
  });

  it.each([
    [{ safetensorsDir: '/nowhere' }, /^There is no \/nowhere\.$/],
    [{ gguf: '/' }, /^\/ is not a file\.$/],
    [{ gguf: '/nowhere.gguf' }, /^There is no \/nowhere\.gguf\.$/],
    [{ safetensorsDir: '/nowhere', mmproj: '/x' }, /^--mmproj goes with --gguf/],
  ])('refuses %j', async (options, words) => {
    await expect(chooseFiles(options)).rejects.toThrow(words);
  });
});

describe('writeTar', () => {
  it('writes what tar reads, long names and empty files too, in as many bytes as were promised', async () => {
    const long = `${'long/'.repeat(40)}größe.json`;
    const entries = [
      { path: await file('one', 'x'.repeat(1_000)), name: 'one', size: 1_000 },
      { path: await file('empty', ''), name: 'empty', size: 0 },
      { path: await file('two', 'y'.repeat(512)), name: long, size: 512 },
    ];
    const chunks: Buffer[] = [];
    for await (const chunk of writeTar(entries)) chunks.push(chunk);
    const archive = Buffer.concat(chunks);
    expect(archive.length).toBe(tarSize(entries));
    const path = join(folder.path, 'archive.tar');
    await writeFile(path, archive);
    const run = promisify(execFile);
    const environment = { env: { ...process.env, LC_ALL: 'C.UTF-8' } };
    const { stdout } = await run('tar', ['--quoting-style=literal', '-tf', path], environment);
    expect(stdout).toBe(`one\nempty\n${long}\n`);
    expect((await run('tar', ['-xOf', path, 'one'])).stdout).toBe('x'.repeat(1_000));
  });

  it('writes sizes that do not fit into octal digits', async () => {
    const path = await file('sparse', '');
    const size = 9 * 1024 ** 3;
    await truncate(path, size);
    for await (const header of writeTar([{ path, name: 'sparse', size }])) {
      expect(header.readUInt8(124)).toBe(0x80);
      expect(header.readBigUInt64BE(128)).toBe(BigInt(size));
      break;
    }
  });

  it.each(['grows', 'shrinks'])('fails when a file %s while it is sent', async (how) => {
    const path = await file(how, 'x'.repeat(2_000));
    const upload = packUpload([{ path, name: 'model.gguf', size: 2_000 }]);
    await (how === 'grows' ? appendFile(path, 'y') : truncate(path, 100));
    await expect(buffer(upload.body)).rejects.toThrow(/was changed while it was sent/);
  });
});
