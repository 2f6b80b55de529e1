import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, makeTemporaryFolder, type TemporaryFolder } from '#testing';
import { runLongshore } from '../__fixtures__/run-longshore.js';
import { json, type ScriptedServer, startScriptedServer } from '../__fixtures__/scripted-server.js';
import { completionScript, type Shell, SHELLS } from './scripts.js';

const MODELS = ['docker.io/ai/smollm2:latest', 'docker.io/ai/smollm2:135M', 'hf.co/org/qwen:Q4'];

let server: ScriptedServer;
let folder: TemporaryFolder;
beforeAll(async () => {
  folder = await makeTemporaryFolder('completion');
  const models = [{ id: 'sha256:1', tags: MODELS, created: 0, config: {} }];
  server = await startScriptedServer({ 'GET /models': json(models), 'GET /slow/models': () => undefined });
});
afterAll(async () => {
  await server.close();
  await folder.remove();
});

async function complete(words: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { code, out, error } = await runLongshore(['__complete', '--', ...words], {
    environment: { MODEL_RUNNER_HOST: server.url, ...environment },
  });
  expect({ code, error }).toEqual({ code: 0, error: '' });
  return out.split('\n').filter(Boolean);
}

/** It has a second for the cluster and then offers nothing: so looks again where a machine stood still for so long. */
const offered = (words: readonly string[], environment: Readonly<Record<string, string>> = {}) =>
  eventually(
    () => complete(words, environment),
    ({ length }) => length > 0,
  );

describe('completion', () => {
  it('offers commands, but none that is not for people', async () => {
    const words = await complete(['']);
    expect(words).toEqual(expect.arrayContaining(['up', 'run', 'pull', 'top', 'keys', 'help']));
    expect(words).not.toContain('__complete');
    expect(await complete(['ru'])).toEqual(['run']);
    expect(await complete(['help', 'ru'])).toEqual(['run']);
  });

  it('offers the models of the cluster where one may stand', async () => {
    expect(await offered(['run', 'sm'])).toEqual(['smollm2', 'smollm2:135M']);
    expect(await offered(['rm', 'smollm2', 'hf'])).toEqual(['hf.co/org/qwen:Q4']);
    expect(await offered(['run', '--system', 'Be terse.', 'docker.io/'])).toEqual(MODELS.slice(0, 2));
    expect(await offered(['--host', server.url, 'ls', 'hf'], { MODEL_RUNNER_HOST: '' })).toEqual([
      'hf.co/org/qwen:Q4',
    ]);
  });

  it('offers nothing where only a person can know', async () => {
    expect(await complete(['run', 'smollm2', ''])).toEqual([]);
    expect(await complete(['run', '--system', ''])).toEqual([]);
  });

  it('offers options, subcommands and choices', async () => {
    expect(await complete(['run', '--sy'])).toEqual(['--system']);
    expect(await complete(['pull', '--ho'])).toEqual(['--host']);
    expect(await complete(['keys', ''])).toEqual(['create', 'list', 'revoke']);
    expect(await complete(['keys', 'create', '--sc'])).toEqual(['--scope']);
    expect(await complete(['completion', 'z'])).toEqual(['zsh']);
    expect(await complete(['configure', '--mode', 'emb'])).toEqual(['embedding']);
  });

  it('is silent where no cluster answers, and soon where one does not', async () => {
    expect(await complete(['run', ''], { MODEL_RUNNER_HOST: 'http://127.0.0.1:1' })).toEqual([]);
    expect(await complete(['run', ''], { MODEL_RUNNER_HOST: ':::' })).toEqual([]);
    // This one never answers.
    expect(await complete(['run', ''], { MODEL_RUNNER_HOST: `${server.url}/slow` })).toEqual([]);
  });
});

const has = (shell: Shell): boolean => spawnSync(shell, ['-c', 'exit']).status === 0;

describe('the script', () => {
  it.each(SHELLS)('for %s is printed, and one for another shell is wrong usage', async (shell) => {
    expect(await runLongshore(['completion', shell])).toMatchObject({
      code: 0,
      out: completionScript(shell),
    });
    expect(await runLongshore(['completion', 'tcsh'])).toMatchObject({ code: 2 });
  });

  for (const shell of SHELLS) {
    if (!has(shell)) console.warn(`NOT TESTED: the completion for ${shell}, which is not installed here.`);
    it.skipIf(!has(shell))(`for ${shell} can be read by it`, async () => {
      const path = join(folder.path, `script.${shell}`);
      await writeFile(path, completionScript(shell));
      const checked = spawnSync(shell, [shell === 'fish' ? '--no-execute' : '-n', path], {
        encoding: 'utf8',
      });
      expect(checked).toMatchObject({ status: 0, stderr: '' });
    });
  }

  /** A longshore that offers two models, and writes down what it was asked. */
  async function writeProgram(): Promise<{ readonly program: string; readonly asked: string }> {
    const home = join(folder.path, 'home');
    const asked = join(folder.path, 'asked');
    const program = join(home, 'longshore');
    const lines = `printf '[%s]' "$@" > ${asked}\nprintf 'smollm2:135M\\nsmollm2:360M\\n'\n`;
    await mkdir(home, { recursive: true });
    await writeFile(program, `#!/bin/sh\n${lines}`, { mode: 0o755 });
    return { program, asked };
  }

  const run = (shell: Shell, script: string) => {
    const environment = { PATH: process.env['PATH'], HOME: join(folder.path, 'home') };
    const { stdout, stderr } = spawnSync(shell, ['-c', script], {
      encoding: 'utf8',
      env: environment,
      cwd: folder.path,
    });
    return { stdout, stderr };
  };
  const both = 'smollm2:135M\nsmollm2:360M\n';

  it.skipIf(!has('zsh'))(
    'for zsh offers what the program says, and files where that is nothing',
    async () => {
      const { asked } = await writeProgram();
      const outside = `compdef() { : }; compadd() { shift; print -l -- "$@" }; _files() { print files }`;
      const script = `${outside}\n${completionScript('zsh')}
words=('~/longshore' run smollm2:1) CURRENT=3
_longshore
cat ${asked}
words=(./no-such-longshore run '') CURRENT=3
_longshore`;
      expect(run('zsh', script)).toEqual({
        stdout: `${both}[__complete][--][run][smollm2:1]files\n`,
        stderr: '',
      });
    },
  );

  it.skipIf(!has('fish'))(
    'for fish offers what the program says, and files where that is nothing',
    async () => {
      const { asked } = await writeProgram();
      await writeFile(join(folder.path, 'smollm2-notes.txt'), '');
      const script = `${completionScript('fish')}
complete -C '~/longshore run smollm2'
cat ${asked}
echo
complete -C './no-such-longshore run smollm2'`;
      expect(run('fish', script)).toEqual({
        stdout: `${both}[__complete][--][run][smollm2]\nsmollm2-notes.txt\n`,
        stderr: '',
      });
    },
  );

  it('for bash finds a program in the folder of the user', async () => {
    await writeProgram();
    const script = `${completionScript('bash')}
COMP_LINE='~/longshore run smo' COMP_POINT=\${#COMP_LINE}
_longshore
printf '%s\\n' "\${COMPREPLY[@]}"`;
    expect(run('bash', script)).toEqual({ stdout: both, stderr: '' });
  });

  it('for bash asks with the words of the line and does not repeat what stands before a colon', async () => {
    const asked = join(folder.path, 'asked');
    const program = join(folder.path, 'longshore');
    await writeFile(
      program,
      `#!/bin/bash\nprintf '[%s]' "$@" > ${asked}\nprintf 'smollm2:135M\\nsmollm2:360M\\n'\n`,
      {
        mode: 0o755,
      },
    );
    const script = `${completionScript('bash')}
COMP_LINE='${program} run smollm2:1' COMP_POINT=\${#COMP_LINE}
_longshore
printf '%s\\n' "\${COMPREPLY[@]}"
cat ${asked}`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({
      stdout: '135M\n360M\n[__complete][--][run][smollm2:1]',
      stderr: '',
    });
  });
});
