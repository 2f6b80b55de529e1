import { HttpException, NotFoundException } from '@nestjs/common';
import { LongshoreError, type ErrorCode } from '#contracts';
import { EngineRefusal } from './engine-refusal.js';

/** A failure as dialects print it. */
export interface Failure {
  readonly status: number;
  /** A code of the error catalogue; absent when a route answers with a status of its own. */
  readonly code?: ErrorCode;
  /** `error.type` of the OpenAI dialect. */
  readonly type: string;
  /** A sentence for the caller. */
  readonly message: string;
  /** Request field at fault. */
  readonly field?: string;
  readonly retryable: boolean;
  /** When trying again is likely to help; seconds. */
  readonly retryAfter?: number;
}

const FRAMEWORK_CODES: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'unsupported_media_type',
};

/** What went wrong, as far as the caller may know. Anything unforeseen is `internal` and keeps its text to itself. */
export function describeFailure(error: unknown): Failure {
  const known = toLongshoreError(error);
  if (known) return fromCatalogue(known);
  if (error instanceof EngineRefusal) return fromEngine(error);
  if (error instanceof HttpException && error.getStatus() < 500) return fromStatus(error);
  return error instanceof RouteFailure ? fromStatus(error) : fromCatalogue(new LongshoreError('internal'));
}

/** A failure whose status and text belong to one route's contract rather than to the catalogue. */
export class RouteFailure extends HttpException {
  constructor(status: number, message: string) {
    super(message, status);
  }
}

function toLongshoreError(error: unknown): LongshoreError | undefined {
  if (error instanceof LongshoreError) return error;
  if (error instanceof NotFoundException) return new LongshoreError('unknown_route');
  const fault = error instanceof HttpException ? error.cause : error;
  const code = FRAMEWORK_CODES[codeOf(fault)];
  if (code) return new LongshoreError(code);
  if (fault instanceof Error && isClientFault(fault)) {
    return new LongshoreError('invalid_request', fault.message);
  }
  return undefined;
}

function isClientFault(error: Error): boolean {
  const status: unknown = 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 && status < 500;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function fromCatalogue(error: LongshoreError): Failure {
  const { status, type, retryable } = error.entry;
  const field = error.field === undefined ? {} : { field: error.field };
  const retryAfter = error.retryAfter === undefined ? {} : { retryAfter: error.retryAfter };
  return { status, code: error.code, type, message: error.message, retryable, ...field, ...retryAfter };
}

/** An engine's refusal keeps its status; anything that is none counts as a failure of the engine. */
function fromEngine({ status: answered, reason }: EngineRefusal): Failure {
  const status = answered >= 400 && answered < 600 ? answered : 502;
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { status, type, message: reason, retryable: status >= 500 };
}

function fromStatus(error: HttpException): Failure {
  const status = error.getStatus();
  const type = status < 500 ? 'invalid_request_error' : 'server_error';
  return { status, type, message: error.message, retryable: status >= 500 };
}
