import type { IncomingMessage, ServerResponse } from 'node:http';

/** How often a client that has closed its half of the connection is asked whether it still listens; ms. */
const PROBE_INTERVAL_MS = 100;

/** Bytes that mean nothing to the reader of a body, and what stands before them. */
export interface Filler {
  readonly after: string;
  readonly bytes: string;
}

/** Between server-sent events a comment is skipped. */
export const COMMENT: Filler = { after: '\n\n', bytes: ':\n\n' };

/** Before a line of JSON a blank is skipped. */
export const BLANK: Filler = { after: '\n', bytes: ' ' };

/**
 * A client that has closed its sending half either waits for its answer or is gone, and only sending something tells
 * which: the host of one that is gone answers with a reset, which closes the connection. So it is sent interim
 * responses until its answer begins, and then filler where the body takes it; else the answer itself is the probe.
 * HTTP/1.0 has no interim responses: there it counts as gone.
 */
export class HalfClosedClient {
  private timer: NodeJS.Timeout | undefined;
  private filler: Filler | undefined;
  private takesFiller = false;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
  ) {
    if (request.socket.readableEnded) this.begin();
    else request.socket.on('end', this.begin);
  }

  /** The body takes this filler, or none. */
  fillWith(filler: Filler | undefined): void {
    this.filler = filler;
  }

  /** To be told of every chunk of the body. */
  sent(chunk: Buffer): void {
    if (this.filler === undefined) return;
    const { after } = this.filler;
    this.takesFiller = chunk.toString('latin1', chunk.length - after.length) === after;
  }

  stop(): void {
    clearInterval(this.timer);
    this.request.socket.off('end', this.begin);
  }

  private readonly begin = (): void => {
    if (this.request.httpVersion === '1.0' && !this.response.headersSent) {
      this.request.socket.destroy();
      return;
    }
    this.timer = setInterval(() => this.probe(), PROBE_INTERVAL_MS);
    this.probe();
  };

  private probe(): void {
    const { response, filler } = this;
    if (!response.headersSent) response.writeProcessing();
    else if (filler && this.takesFiller && !response.writableEnded && !response.writableNeedDrain)
      response.write(filler.bytes);
  }
}
