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

  /**
   * Sends the request and resolves when its answer is complete. A connection that the server had closed meanwhile, as
   * llama-server does after each stream, is made anew.
   * @throws Error when the answer is no whole stream
   */
  async send(listener: RequestListener): Promise<void> {
    const reused = this.socket !== undefined && !this.socket.destroyed;
    const served = await this.attempt(listener);
    if (served) return;
    if (!reused || !(await this.attempt(listener))) throw new Error('the connection was closed unanswered');
  }

  /** @returns false when the connection closed before the first byte of an answer. */
  private async attempt(listener: RequestListener): Promise<boolean> {
    const socket = await this.open();
    const answer = new Answer(listener);
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        socket.removeAllListeners('data').removeAllListeners('close');
        if (answer.problem !== undefined) this.hangUp();
        if (answer.problem === undefined) resolve(answer.begun);
        else reject(new Error(answer.problem));
      };
      socket.on('data', (bytes: Buffer) => {
        if (answer.add(bytes)) settle();
      });
      socket.on('close', () => {
        this.socket = undefined;
        answer.close();
        settle();
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

/** One answer as it comes. */
class Answer {
  /** Why it is no whole stream. */
  problem: string | undefined;
  begun = false;
  private readonly counter = new EventCounter();

  constructor(private readonly listener: RequestListener) {}

  /** @returns true when the answer has ended, one way or another. */
  add(bytes: Buffer): boolean {
    if (!this.begun) this.problem = refusal(bytes);
    this.begun = true;
    if (this.problem !== undefined) return true;
    const before = this.counter.events;
    const events = this.counter.add(bytes);
    this.listener.onBytes(bytes, events, before === 0 && events > 0);
    if (!this.counter.ended) return false;
    this.close();
    return true;
  }

  /** The connection has closed, or the answer has ended. */
  close(): void {
    if (this.begun && !this.counter.complete) this.problem ??= 'an answer broke off';
  }
}

/** What a server says that answers with no success; undefined when it does. */
function refusal(bytes: Buffer): string | undefined {
  const status = bytes.subarray(9, 12).toString('latin1');
  if (status.startsWith('2')) return undefined;
  const text = bytes.toString('utf8');
  return `refused with ${status}: ${text.slice(text.indexOf('\r\n\r\n') + 4, 300).trim()}`;
}
