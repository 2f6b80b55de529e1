import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Chunks, type Endpoint } from './chunks.js';
import { behaviourOf, type Behaviour, type SyntheticSettings } from './settings.js';
import { paceTokens } from './token-pace.js';
import { syntheticText } from './token-text.js';

/** What `/synthetic/stats` answers, about completions only. */
export interface SyntheticStats {
  /** Accepted since the start. */
  requests: number;
  open: number;
  completed: number;
  /** Given up by the client before the end. */
  aborted: number;
  /** Emitted since the start. */
  tokens: number;
}

type Body = Readonly<Record<string, unknown>>;

const DEFAULT_TOKENS = 16;
const EMBEDDING_LENGTH = 8;

/** A server that speaks llama-server's HTTP and computes nothing; it does not listen yet. Loading begins now. */
export function createSyntheticServer(settings: SyntheticSettings): Server {
  const engine = new SyntheticEngine(settings);
  return createServer((request, response) => {
    engine.answer(request, response).catch((error: unknown) => {
      if (!response.headersSent)
        refuse(response, 400, error instanceof Error ? error.message : String(error));
    });
  });
}

class SyntheticEngine {
  private readonly stats: SyntheticStats = { requests: 0, open: 0, completed: 0, aborted: 0, tokens: 0 };
  private readonly chunks: Chunks;
  private readonly loadedAt: number;

  constructor(private readonly settings: SyntheticSettings) {
    this.chunks = new Chunks(settings.alias);
    this.loadedAt = performance.now() + settings.loadMs;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?')[0];
    if (path === '/synthetic/stats') return sendJson(response, 200, this.stats);
    if (performance.now() < this.loadedAt) return refuse(response, 503, 'Loading model');
    switch (path) {
      case '/health':
        return sendJson(response, 200, { status: 'ok' });
      case '/metrics':
        return sendMetrics(response, this.stats);
      case '/v1/models':
        return sendJson(response, 200, {
          object: 'list',
          data: [{ id: this.settings.alias, object: 'model', owned_by: 'synthetic' }],
        });
      case '/v1/chat/completions':
        return this.complete('chat', await readBody(request), response);
      case '/v1/completions':
        return this.complete('text', await readBody(request), response);
      case '/v1/embeddings':
        return sendJson(response, 200, embed(await readBody(request), this.settings.alias));
      default:
        return refuse(response, 404, 'File Not Found');
    }
  }

  private complete(endpoint: Endpoint, body: Body, response: ServerResponse): void {
    const behaviour = behaviourOf(body, this.settings.behaviour);
    if (behaviour.refuse !== undefined) {
      refuse(response, behaviour.refuse, 'The synthetic engine was asked to refuse.');
      return;
    }
    const tokens = Number(body['max_tokens'] ?? body['max_completion_tokens'] ?? DEFAULT_TOKENS);
    const usage = usageOf(tokens);
    const begin =
      body['stream'] === true ? this.beginStream(endpoint, response, behaviour.stamp === 1) : undefined;
    this.track(
      response,
      paceTokens({
        rate: behaviour.rate,
        prefillMs: behaviour.prefillMs,
        tokens: Math.min(tokens, behaviour.hangAfter ?? Infinity, behaviour.crashAfter ?? Infinity),
        emit: (first, end, again) => {
          this.stats.tokens += end - first;
          return begin === undefined || begin(first, end, again);
        },
        finish: () => {
          const end = (): void => {
            if (begin === undefined) {
              sendJson(response, 200, this.chunks.whole(endpoint, syntheticText(tokens), usage));
            } else {
              response.end(this.chunks.end(endpoint, wantsUsage(body) ? usage : undefined));
            }
          };
          finishAs(behaviour, tokens, response, end);
        },
      }),
    );
  }

  /** Returns what writes the tokens of a stream. Its head goes out with the first, as llama-server's does. */
  private beginStream(endpoint: Endpoint, response: ServerResponse, stamped: boolean) {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    return (first: number, end: number, again: () => void): boolean => {
      const bytes = Array.from({ length: end - first }, (_, index) =>
        stamped
          ? this.chunks.stampedToken(endpoint, first + index)
          : this.chunks.token(endpoint, first + index),
      );
      if (first === 1 && endpoint === 'chat') bytes.unshift(Buffer.from(this.chunks.role()));
      const room = response.write(bytes.length === 1 ? bytes[0] : Buffer.concat(bytes));
      if (!room) response.once('drain', again);
      return room;
    };
  }

  private track(response: ServerResponse, stop: () => void): void {
    this.stats.requests++;
    this.stats.open++;
    response.once('close', () => {
      stop();
      this.stats.open--;
      if (response.writableFinished) this.stats.completed++;
      else this.stats.aborted++;
    });
  }
}

/** Ends a completion as it was asked for: well, with a crash, or never. */
function finishAs(behaviour: Behaviour, tokens: number, response: ServerResponse, end: () => void): void {
  const { crashAfter = Infinity, hangAfter = Infinity } = behaviour;
  if (crashAfter <= tokens && crashAfter <= hangAfter) {
    const crash = (): void => void process.kill(process.pid, 'SIGSEGV');
    if (response.headersSent) response.write('', crash);
    else crash();
  } else if (hangAfter > tokens) {
    end();
  }
}

function usageOf(tokens: number): object {
  return { completion_tokens: tokens, prompt_tokens: 1, total_tokens: tokens + 1 };
}

function wantsUsage(body: Body): boolean {
  const options = body['stream_options'];
  return (
    typeof options === 'object' &&
    options !== null &&
    'include_usage' in options &&
    options.include_usage === true
  );
}

/** Equal inputs get equal vectors of length 1. */
function embed(body: Body, model: string): object {
  const inputs = Array.isArray(body['input']) ? (body['input'] as unknown[]) : [body['input']];
  const data = inputs.map((input, index) => ({ object: 'embedding', index, embedding: vectorOf(input) }));
  return {
    object: 'list',
    model,
    data,
    usage: { prompt_tokens: inputs.length, total_tokens: inputs.length },
  };
}

function vectorOf(input: unknown): number[] {
  const vector = Array.from({ length: EMBEDDING_LENGTH }, () => 1);
  for (const [place, byte] of Buffer.from(JSON.stringify(input) ?? '').entries()) {
    const index = place % EMBEDDING_LENGTH;
    vector[index] = ((vector[index] ?? 0) * 31 + byte) % 1009;
  }
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

async function readBody(request: IncomingMessage): Promise<Body> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const body: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
  if (typeof body !== 'object' || body === null) throw new Error('The body must be a JSON object.');
  return body as Body;
}

function refuse(response: ServerResponse, code: number, message: string): void {
  const type = code === 503 ? 'unavailable_error' : code < 500 ? 'invalid_request_error' : 'server_error';
  sendJson(response, code, { error: { code, message, type } });
}

function sendJson(response: ServerResponse, status: number, value: object): void {
  const text = JSON.stringify(value);
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** In the names and the format of llama-server. */
function sendMetrics(response: ServerResponse, { tokens, open }: SyntheticStats): void {
  response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' });
  response.end(
    `# HELP llamacpp:tokens_predicted_total Number of generation tokens processed.
# TYPE llamacpp:tokens_predicted_total counter
llamacpp:tokens_predicted_total ${tokens}
# HELP llamacpp:requests_processing Number of requests processing.
# TYPE llamacpp:requests_processing gauge
llamacpp:requests_processing ${open}
`,
  );
}
