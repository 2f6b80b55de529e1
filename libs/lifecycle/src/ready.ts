/** What a parent that started a gateway or worker over an IPC channel is told once it can be used. */
export interface ReadyMessage {
  readonly type: 'ready';
  /** Of a gateway that listens there. */
  readonly port?: number;
  readonly tlsPort?: number;
  readonly socket?: string;
  /** Of a worker. */
  readonly workerId?: string;
}

/** Without a parent that listens this does nothing. */
export function announceReady(fields: Omit<ReadyMessage, 'type'>): void {
  process.send?.({ type: 'ready', ...fields } satisfies ReadyMessage);
}
