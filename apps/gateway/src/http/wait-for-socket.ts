import type { ServerResponse } from 'node:http';

export type SocketState = 'ready' | 'closed' | 'stalled';

/**
 * Waits until the socket has taken what it holds. The time-out is the socket's own, which looks at whether the kernel
 * took anything at all, so that a slow client with a large chunk is not mistaken for one that stopped reading.
 *
 * A response behind another on its connection has no socket yet, and is not told when the connection closes: so the
 * connection itself is listened to.
 */
export function waitForSocket(
  raw: ServerResponse,
  event: 'drain' | 'finish',
  stallTimeoutMs: number,
): Promise<SocketState> {
  return new Promise((resolve) => {
    const settle = (state: SocketState): void => {
      raw.off(event, onReady).off('close', onClose).off('timeout', onStall);
      raw.req.socket.off('close', onClose);
      if (event === 'drain') raw.socket?.setTimeout(0);
      resolve(state);
    };
    const onReady = (): void => settle('ready');
    const onClose = (): void => settle('closed');
    const onStall = (): void => settle('stalled');
    raw.once(event, onReady).once('close', onClose).once('timeout', onStall);
    raw.req.socket.once('close', onClose);
    raw.socket?.setTimeout(stallTimeoutMs);
    if (isGone(raw)) onClose();
  });
}

/** Cuts the connection once the client has taken what was sent, or has stopped taking it. */
export async function cutSocket(raw: ServerResponse, stallTimeoutMs: number): Promise<void> {
  await new Promise<void>((resolve) => {
    if (isGone(raw) || raw.socket === null) return resolve();
    raw.socket.setTimeout(stallTimeoutMs, () => raw.destroy());
    raw.once('close', resolve);
    raw.socket.destroySoon();
  });
}

export function isGone(raw: ServerResponse): boolean {
  return raw.destroyed || raw.closed || raw.req.socket.destroyed;
}
