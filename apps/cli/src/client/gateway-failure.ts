import { CommandFailure } from '../command-failure.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { GatewayTarget } from './gateway-target.js';

/** The cluster did not answer, or answered that it will not. */
export class GatewayFailure extends CommandFailure {
  override readonly name = 'GatewayFailure';

  constructor(
    message: string,
    exitCode: ExitCode,
    /** 0 when there was no answer. */
    readonly status: number,
    /** Whether the same request may work in a moment. */
    readonly transient: boolean,
  ) {
    super(message, exitCode);
  }
}

const START = 'Start one with "longshore up", or name another with --host or MODEL_RUNNER_HOST.';
const KEY_SOURCE = 'Its administrator makes one with "longshore keys create".';
const TRY_AGAIN_STATUSES: readonly number[] = [502, 503, 504];

const NO_CONNECTION: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOENT: 'there is no such socket',
  EACCES: 'the socket may not be opened by this user',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ETIMEDOUT: 'no answer',
  UND_ERR_CONNECT_TIMEOUT: 'no answer',
  EAI_AGAIN: 'the name could not be looked up',
  ENOTFOUND: 'there is no host of that name',
};

const LASTING = new Set(['ENOENT', 'EACCES', 'ENOTFOUND']);

/** What went wrong on the way, as a sentence. */
export function connectionFailure(error: unknown, { shown }: GatewayTarget): GatewayFailure {
  const code = codeOf(error);
  const reason = NO_CONNECTION[code];
  if (reason !== undefined) {
    const message = `No cluster answers at ${shown} (${reason}). ${START}`;
    return new GatewayFailure(message, EXIT.unreachable, 0, !LASTING.has(code));
  }
  const words = error instanceof Error ? error.message : String(error);
  if (/CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)|ERR_TLS/.test(code)) {
    const message = `The certificate of ${shown} cannot be trusted (${words}). Name its authority with MODEL_RUNNER_TLS_CA_CERT=FILE, or set MODEL_RUNNER_TLS_SKIP_VERIFY=true.`;
    return new GatewayFailure(message, EXIT.unreachable, 0, false);
  }
  if (/^(?:EPROTO|ERR_SSL|HPE_)/.test(code)) {
    const message = `${shown} does not speak what was expected of it (${words}); check http:// against https:// and the port.`;
    return new GatewayFailure(message, EXIT.unreachable, 0, false);
  }
  const message = `The connection to ${shown} broke off before the answer was complete (${words}).`;
  return new GatewayFailure(message, EXIT.unreachable, 0, true);
}

export interface Refusal {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
  /** Method and path of the request. */
  readonly asked: string;
}

/** An answer of 400 and above, as a sentence. */
export function answerFailure(refusal: Refusal, target: GatewayTarget): GatewayFailure {
  const { status } = refusal;
  return new GatewayFailure(
    sentenceOf(refusal, target),
    exitCodeOf(status),
    status,
    TRY_AGAIN_STATUSES.includes(status),
  );
}

function exitCodeOf(status: number): ExitCode {
  if (status === 401 || status === 403) return EXIT.refused;
  if (status === 404) return EXIT.notFound;
  return TRY_AGAIN_STATUSES.includes(status) ? EXIT.unreachable : EXIT.failure;
}

function sentenceOf({ status, contentType, text, asked }: Refusal, target: GatewayTarget): string {
  const said = messageOf(text, contentType);
  // A registry that refuses a pull is told of in the words of the Model Runner, and is no matter of our keys.
  const ofRegistry = /^Unauthorized\b/.test(said);
  if (status === 401 && !ofRegistry) {
    return target.authorization === undefined
      ? `The cluster at ${target.shown} wants an API key: give one with --api-key or LONGSHORE_API_KEY. ${KEY_SOURCE}`
      : `The cluster at ${target.shown} does not accept this API key; ask its administrator for another.`;
  }
  if (status === 401) return `${withoutStop(said)}: the registry wants other credentials, or none has them.`;
  if (said !== '') return said;
  return `The cluster at ${target.shown} answered ${asked} with ${status} and no reason.`;
}

const LONGEST_MESSAGE = 2_000;

/** The words of an error body: plain text, or any of the JSON shapes; empty when it is a page for browsers. */
export function messageOf(text: string, contentType: string): string {
  if (/html/i.test(contentType)) return '';
  const plain = text.trim().slice(0, LONGEST_MESSAGE);
  if (!/^\s*\{/.test(text)) return plain;
  try {
    const { error, message } = JSON.parse(text) as { error?: unknown; message?: unknown };
    if (typeof error === 'string') return error;
    if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
    return typeof message === 'string' ? message : plain;
  } catch {
    return plain;
  }
}

function withoutStop(text: string): string {
  return text.replace(/\.$/, '');
}

/** The code of an error or of what caused it. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  const code = (error as NodeJS.ErrnoException).code;
  if (code !== undefined && code !== 'UND_ERR_SOCKET') return code;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return error.cause === undefined ? (code ?? '') : codeOf(error.cause);
}
