/** What Redis means by the first word of an error, for people who cannot see Redis. */
const MEANINGS: Readonly<Record<string, string>> = {
  OOM: 'it has no memory left',
  READONLY: 'it takes no writes: it is a replica',
  LOADING: 'it is still reading its data',
  MISCONF: 'it cannot write its data to disk',
  NOAUTH: 'it wants a password',
  WRONGPASS: 'it does not take the password',
  NOPERM: 'its user may not do this',
  BUSY: 'a script keeps it busy',
  CLUSTERDOWN: 'its cluster is down',
  TRYAGAIN: 'its cluster is moving data between nodes',
  MOVED: 'its cluster is moving data between nodes',
  MASTERDOWN: 'its primary is down',
};

/** Why a command failed, in words that hold nothing of the command: errors of Redis quote scripts and keys. */
export function describeRedisError(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  const words = message.match(/\b[A-Z]{3,}\b/g) ?? [];
  const known = words.find((word) => Object.hasOwn(MEANINGS, word));
  return known === undefined ? 'it does not answer' : (MEANINGS[known] ?? '');
}
