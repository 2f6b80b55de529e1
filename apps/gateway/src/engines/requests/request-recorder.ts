import { Injectable } from '@nestjs/common';
import { Catalogue } from '#cluster';
import { ENVELOPE_VERSION, type Mode, type RecordedRequest } from '#contracts';
import type { FastifyRequest } from 'fastify';
import { GatewayConfig } from '../../gateway.config.js';
import { describeFailure } from '../../http/failure.js';
import { isEventStream, type StreamedResponse } from '../../http/streamed-response.js';
import { assembleStream } from './assemble-stream.js';
import { cutMedia, cutText } from './cut-text.js';
import { RecordedRequests } from './recorded-requests.js';

/** Characters of a request, bytes of an answer, that are kept. */
const REQUEST_LIMIT = 128 * 1024;
const RESPONSE_LIMIT = 256 * 1024;

/** Bytes of unfinished answers that are kept together; of what comes beyond, only that it was there. */
const HELD_LIMIT = 64 * 1024 * 1024;

/** Status of a call whose caller went away before there was one. */
const NO_STATUS = 408;

export interface RecordedCall {
  /** As the caller wrote it. */
  readonly model: string;
  readonly mode: Mode;
  readonly body: string;
  /** The API it came by, where that is not OpenAI's. */
  readonly origin?: string;
}

/** Keeps what is asked and answered, where whoever runs the cluster wants that. */
@Injectable()
export class RequestRecorder {
  private held = 0;

  constructor(
    private readonly catalogue: Catalogue,
    private readonly records: RecordedRequests,
    private readonly config: GatewayConfig,
  ) {}

  /** Undefined when nothing is recorded. */
  begin({ method, raw, headers }: FastifyRequest, call: RecordedCall): Recording | undefined {
    if (this.config.recordRequests === 0) return undefined;
    const now = Date.now();
    const head = {
      version: ENVELOPE_VERSION,
      mode: call.mode,
      model: call.model,
      method,
      url: raw.url ?? '/',
      request: cutText(cutMedia(call.body), REQUEST_LIMIT),
      timestamp: Math.floor(now / 1_000),
      userAgent: headers['user-agent'] ?? '',
      ...(call.origin !== undefined && { origin: call.origin }),
    };
    const moment = `${now}${String(process.hrtime.bigint() % 1_000_000n).padStart(6, '0')}`;
    return new Recording({
      hold: (bytes) => this.hold(bytes),
      letGo: (bytes) => (this.held -= bytes),
      keep: (answer) => void this.keep({ ...head, ...answer }, moment),
    });
  }

  private hold(bytes: number): boolean {
    if (this.held + bytes > HELD_LIMIT) return false;
    this.held += bytes;
    return true;
  }

  private async keep(record: Omit<RecordedRequest, 'id' | 'modelId'>, moment: string): Promise<void> {
    const model = await this.catalogue.find(record.model).catch(() => undefined);
    if (model === undefined) return;
    const full = { ...record, modelId: model.id, id: `${model.id}_${moment}` };
    await this.records.add(full, this.config.recordRequests);
  }
}

type RecordedAnswer = Pick<RecordedRequest, 'status' | 'response' | 'error'>;

interface RecordingEffects {
  /** False when there is no room for so many more bytes. */
  readonly hold: (bytes: number) => boolean;
  readonly letGo: (bytes: number) => void;
  readonly keep: (answer: RecordedAnswer) => void;
}

/** One call while it is answered. Holds a bounded copy of the answer and never holds up the answer itself. */
export class Recording {
  private readonly copies: Buffer[] = [];
  private copied = 0;
  private missed = 0;
  private status = 0;
  private streamed = false;

  constructor(private readonly effects: RecordingEffects) {}

  /** The same response, copied as it is read. */
  tap(response: StreamedResponse): StreamedResponse {
    this.status = response.status;
    this.streamed = isEventStream(response);
    return { ...response, body: this.copying(response.body) };
  }

  /** To be called once, when the answer has ended. @param error what it broke off with, if it did */
  end(error?: unknown): void {
    const text = Buffer.concat(this.copies).toString('utf8');
    this.effects.letGo(this.copied);
    // What is put together here must not stand between the client and its last byte.
    setImmediate(() => this.effects.keep(this.describe(text, error)));
  }

  private async *copying(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    for await (const chunk of body) {
      this.copy(chunk);
      yield chunk;
    }
  }

  private copy(chunk: Buffer): void {
    const wanted = Math.min(chunk.length, RESPONSE_LIMIT - this.copied);
    if (wanted > 0 && this.missed === 0 && this.effects.hold(wanted)) {
      this.copies.push(Buffer.from(chunk.subarray(0, wanted)));
      this.copied += wanted;
      this.missed += chunk.length - wanted;
    } else {
      this.missed += chunk.length;
    }
  }

  private describe(text: string, error: unknown): RecordedAnswer {
    const body = cutMedia(this.streamed ? assembleStream(text) : text);
    const whole = this.missed === 0 || this.streamed ? body : `${body}...[truncated ${this.missed} chars]`;
    if (error !== undefined) {
      const { status, message } = describeFailure(error);
      const failed = { status: this.status || status, error: JSON.stringify({ error: message }) };
      return whole === '' ? failed : { ...failed, response: whole };
    }
    if (this.status === 0) return { status: NO_STATUS, error: JSON.stringify({ error: GONE }) };
    return this.status < 400
      ? { status: this.status, response: whole }
      : { status: this.status, error: asError(whole) };
  }
}

const GONE = 'the caller went away before there was an answer';

function asError(body: string): string {
  try {
    JSON.parse(body);
    return body;
  } catch {
    return JSON.stringify({ error: body });
  }
}
