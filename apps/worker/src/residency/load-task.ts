import type { SessionIdentity } from './resident-session.js';

/** What a load may do about the other sessions of its worker. */
export interface LoadRoom {
  /** True when a session of the same model goes on meanwhile: then nobody else is troubled. */
  readonly beside: boolean;
  /** Some other session is there, idle or not. */
  readonly others: boolean;
  /** Some other session is idle. */
  readonly evictable: boolean;
  /** Ends the idle session that was used least lately. @returns false when there was none */
  evict(): Promise<boolean>;
  /** Waits until another session can be ended, or has ended. @returns false when there is no other. @throws the signal's reason */
  later(signal: AbortSignal): Promise<boolean>;
}

export interface LoadTask {
  readonly identity: SessionIdentity;
  readonly queue: string;
  /** What it is asked for by. */
  readonly reference?: string | undefined;
  readonly room: LoadRoom;
  readonly signal: AbortSignal;
}

/** A session cannot be brought up while the one it is to replace is there. */
export class NoRoomBeside extends Error {
  override readonly name = 'NoRoomBeside';
}
