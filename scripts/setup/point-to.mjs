import { rename, rm, symlink } from 'node:fs/promises';

/** Makes `link` point to `target`, at any moment to it or to what it pointed to before. */
export async function pointTo(link, target) {
  const unfinished = `${link}.${process.pid}`;
  await rm(unfinished, { force: true });
  await symlink(target, unfinished);
  await rename(unfinished, link);
}
