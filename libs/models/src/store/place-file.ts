import { constants, copyFile, link, symlink } from 'node:fs/promises';
import { hasCode } from './durable-files.js';

/** File systems without hard links, blobs on another volume, a file with as many links as it can have. */
export const NO_LINK = ['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK', 'EINVAL', 'ENOTTY'];

/**
 * Makes the content of `source` appear at `target` with the least cost the file system allows: a hard link, a
 * copy that shares its blocks, a symbolic link, a copy.
 * @param source absolute path.
 */
export async function placeFile(source: string, target: string): Promise<void> {
  const cheap = [
    () => link(source, target),
    () => copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE_FORCE),
    () => symlink(source, target),
  ];
  for (const attempt of cheap) {
    try {
      return await attempt();
    } catch (error) {
      if (!hasCode(error, ...NO_LINK)) throw error;
    }
  }
  await copyFile(source, target, constants.COPYFILE_EXCL);
}
