import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 200;

/**
 * Does `work` when nobody else on this machine is in the midst of any for the folder `root`, and returns what it
 * returns. Whoever comes to `work` looks again whether it is still to be done: the one before may have done it. `say`
 * hears one line when the one before has to be waited for. Not to be nested.
 *
 * The turn is a socket with a name of Linux's own (it is in no folder), which the kernel takes back when its holder
 * dies by whatever cause. Elsewhere there are no such names, and `work` is done at once.
 */
export async function oneAtATime(root, say, work) {
  const turn = process.platform === 'linux' ? await takeTurn(root, say) : undefined;
  try {
    return await work();
  } finally {
    if (turn) await new Promise((resolve) => turn.close(resolve));
  }
}

async function takeTurn(root, say) {
  const name = `\0longshore-setup-${createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, 32)}`;
  for (let waiting = false; ; waiting = true) {
    const turn = createServer();
    try {
      await once(turn.listen(name), 'listening');
      return turn;
    } catch (error) {
      // Where sockets are not to be had at all, setting up alone must still be possible.
      if (error.code !== 'EADDRINUSE') return undefined;
    }
    if (!waiting) say(`Waiting for another command that installs or builds in ${root}.`);
    await sleep(LOOK_AGAIN_MS);
  }
}
