/** The oldest Node.js that Longshore runs on; the same as `engines` in package.json. */
const OLDEST_NODE = [20, 19, 0];

/** True when `version` (for example `v20.19.4`) is at least `oldest`. */
export function isNewEnough(version, oldest = OLDEST_NODE) {
  const parts = version.replace(/^v/, '').split('.').map(Number);
  for (const [index, wanted] of oldest.entries()) {
    const have = parts[index] ?? 0;
    if (have !== wanted) return have > wanted;
  }
  return true;
}

/** @throws Error with a sentence for the user when this Node.js is too old. */
export function requireNode(version = process.version) {
  if (isNewEnough(version)) return;
  throw new Error(
    `Longshore needs Node.js ${OLDEST_NODE.join('.')} or newer and this is ${version}. Install a newer one from https://nodejs.org, or with your version manager.`,
  );
}
