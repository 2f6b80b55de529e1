import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  bin: { longshore: string };
};
const program = manifest.bin.longshore;

describe('the command line of a checkout', () => {
  let checkout = '';
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), 'a checkout '));
    cpSync(join(root, 'scripts'), join(checkout, 'scripts'), { recursive: true });
  });
  afterEach(() => rmSync(checkout, { recursive: true, force: true }));

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(checkout, program), ...args], {
      encoding: 'utf8',
    });
    return { status, stdout, stderr };
  };
  const install = () => mkdirSync(join(checkout, 'node_modules'));
  const build = (source: string) => {
    const folder = join(checkout, 'dist', 'apps', 'cli', 'src');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(checkout, 'package.json'), '{"type":"module"}');
    writeFileSync(join(folder, 'main.js'), source);
  };

  // npx looks for it once for each checkout, and remembers for ever when there was nothing.
  it('is there, and may be run, before anything was built', () => {
    expect(() => accessSync(join(root, program), constants.X_OK)).not.toThrow();
    expect(program).not.toMatch(/^dist/);
  });

  it('says in one line how to begin when nothing was installed or built', () => {
    const told = {
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^Longshore is not built yet in .*a checkout .*"npm start" .*\n$/),
    };
    expect(run('list')).toEqual(told);
    build('console.log("built");');
    expect(run('list')).toEqual(told);
    rmSync(join(checkout, 'dist'), { recursive: true });
    install();
    expect(run('list')).toEqual(told);
  });

  it('is what was built, with its arguments and its exit code', () => {
    install();
    build('console.log(process.argv.slice(2).join()); process.exitCode = await 3;');
    expect(run('run', 'ai/smollm2')).toEqual({ status: 3, stdout: 'run,ai/smollm2\n', stderr: '' });
  });
});
