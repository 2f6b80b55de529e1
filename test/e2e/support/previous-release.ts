import { execFile } from 'node:child_process';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { makeTemporaryFolder, REPOSITORY } from '#testing';

/**
 * The release before this one, which has neighbours of this one for as long as an upgrade takes. It is the last commit
 * at which nothing was logged or handed over; the next release puts the commit of this one here.
 */
const PREVIOUS_RELEASE = '79a0010420f55ee79bc250de4cccb3750a099f3f';

/** What of a release it takes to run its gateway and its worker. */
const NEEDED = ['apps', 'libs', 'package.json', 'tsconfig.json', 'tsconfig.build.json'];

export interface PreviousRelease {
  /** Folder with its `package.json` and `dist`. */
  readonly path: string;
  /** Removes the folder. */
  remove(): Promise<void>;
}

const run = promisify(execFile);

/** Asks the history of this repository, whoever owns its files. */
const git = (...args: readonly string[]) => run('git', ['-c', 'safe.directory=*', '-C', REPOSITORY, ...args]);

/**
 * Builds the previous release from the history of this repository, against the packages that are installed here.
 * @param commit of another release
 * @throws Error that says what to do when the history does not go back so far
 */
export async function buildPreviousRelease(commit = PREVIOUS_RELEASE): Promise<PreviousRelease> {
  await requireHistory(commit);
  const folder = await makeTemporaryFolder('release');
  try {
    const archive = join(folder.path, 'release.tar');
    const parts = ['--output', archive, commit, ...NEEDED];
    await git('archive', ...parts);
    await run('tar', ['-x', '-f', archive, '-C', folder.path]);
    await symlink(join(REPOSITORY, 'node_modules'), join(folder.path, 'node_modules'));
    await compile(folder.path);
    return folder;
  } catch (error) {
    await folder.remove();
    throw error;
  }
}

async function requireHistory(commit: string): Promise<void> {
  await git('cat-file', '-e', `${commit}^{commit}`).catch(() => {
    throw new Error(
      `The previous release, commit ${commit}, is not in the history of ${REPOSITORY}. ` +
        'A shallow clone gets it with "git fetch --unshallow"; a copy without git cannot run this test.',
    );
  });
}

async function compile(path: string): Promise<void> {
  const compiler = join(REPOSITORY, 'node_modules', 'typescript', 'bin', 'tsc');
  const compiled = run(process.execPath, [compiler, '-p', join(path, 'tsconfig.build.json')], { cwd: path });
  await compiled.catch(({ stdout }: { readonly stdout?: string }) => {
    throw new Error(`The previous release cannot be compiled with the packages of this one:\n${stdout}`);
  });
}
