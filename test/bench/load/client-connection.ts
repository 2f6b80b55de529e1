import { connect, type Socket } from 'node:net';
import { EventCounter } from './event-counter.js';
import type { Address, Load } from './load.js';

/** What happens to a request, as it happens. */
export interface RequestListener {
  /** The request's bytes are on their way. */
  readonly onSent: () => void;
  /** Bytes of the answer came, with so many ends of events in them; `first` at the first event. */
  readonly onBytes: (bytes: Buffer, events: number, first: boolean) => void;
}

/**
 * One client with one connection, which it keeps between requests where the server does. Speaks just enough HTTP for
 * streams: a full client would cost more than the cluster that is measured.
 */
export class ClientConnection {
  private socket: Socket | undefined;
  private readonly request: string;

  constructor(
    private readonly address: Address,
    { path, body }: Pick<Load, 'path' | 'body'>,
  ) {
    this.request =
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
  }

  /** Sends the request and resolves when its answer is complete. @throws Error when the answer is no whole stream */
  async send(listener: RequestListener): Promise<void> {
    const socket = await this.open();
    const counter = new EventCounter();
    return new Promise((resolve, reject) => {
      let refusal: Buffer | undefined;
      const settle = (error?: Error): void => {
        socket.removeAllListeners('data').removeAllListeners('close');
        if (error !== undefined) this.hangUp();
        if (error === undefined) resolve();
        else reject(error);
      };
      const onEnd = (): void => {
        if (refusal !== undefined) return settle(refused(refusal));
        settle(counter.complete ? undefined : new Error('an answer broke off'));
      };
      socket.on('data', (bytes: Buffer) => {
        if (counter.events === 0 && (refusal !== undefined || isRefusal(bytes))) {
          refusal = Buffer.concat([refusal ?? Buffer.alloc(0), bytes]);
          return settle(refused(refusal));
        }
        const before = counter.events;
        const events = counter.add(bytes);
        listener.onBytes(bytes, events, before === 0 && events > 0);
        if (counter.ended) onEnd();
      });
      socket.on('close', () => {
        this.socket = undefined;
        onEnd();
      });
      socket.write(this.request);
      listener.onSent();
    });
  }

  hangUp(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private async open(): Promise<Socket> {
    if (this.socket !== undefined && !this.socket.destroyed) return this.socket;
    const { address } = this;
    const socket =
      'socketPath' in address ? connect(address.socketPath) : connect(address.port, address.host);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    socket.setNoDelay(true);
    socket.removeAllListeners('error').on('error', () => undefined);
    this.socket = socket;
    return socket;
  }
}

function isRefusal(bytes: Buffer): boolean {
  return bytes.subarray(0, 5).toString('latin1') === 'HTTP/' && bytes[9] !== '2'.charCodeAt(0);
}

function refused(bytes: Buffer): Error {
  const text = bytes.toString('utf8');
  return new Error(
    `refused with ${text.slice(9, 12)}: ${text.slice(text.indexOf('\r\n\r\n') + 4, 300).trim()}`,
  );
}
