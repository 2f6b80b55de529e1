import type { Frame, FrameFin, FrameHandover, FrameHead } from '#contracts';
import { FrameFormatError } from './frame-codec.js';

/** What a frame says, read from its payload. */
export type FrameContent =
  | { readonly kind: 'head'; readonly head: FrameHead }
  | { readonly kind: 'body'; readonly bytes: Buffer }
  | { readonly kind: 'fin'; readonly fin: FrameFin }
  | { readonly kind: 'handover'; readonly handover: FrameHandover };

/** @throws FrameFormatError when the payload of a head, fin or handover is not one */
export function readContent({ kind, payload }: Frame): FrameContent {
  if (kind === 'body') return { kind, bytes: payload };
  const data = parseObject(kind, payload);
  if (kind === 'head') {
    if (!isHead(data)) throw new FrameFormatError('a head frame without a status, headers and a worker');
    return { kind, head: data };
  }
  if (kind === 'handover') {
    if (!isHandover(data)) throw new FrameFormatError('a handover frame without a worker');
    return { kind, handover: data };
  }
  if (!isFin(data)) throw new FrameFormatError('a fin frame that does not say how the answer ended');
  return { kind, fin: data };
}

type Members = Readonly<Record<string, unknown>>;

function parseObject(kind: string, payload: Buffer): Members {
  let data: unknown;
  try {
    data = JSON.parse(payload.toString());
  } catch {
    throw new FrameFormatError(`a ${kind} frame that is not JSON`);
  }
  if (typeof data !== 'object' || data === null)
    throw new FrameFormatError(`a ${kind} frame that is no object`);
  return data as Members;
}

function isHead(data: Members): data is Members & FrameHead {
  const { status, headers, workerId } = data;
  return (
    Number.isInteger(status) &&
    Number(status) >= 200 &&
    Number(status) <= 599 &&
    typeof workerId === 'string' &&
    typeof headers === 'object' &&
    headers !== null &&
    Object.values(headers).every((value) => typeof value === 'string')
  );
}

function isHandover(data: Members): data is Members & FrameHandover {
  return typeof data['workerId'] === 'string';
}

function isFin(data: Members): data is Members & FrameFin {
  const { outcome, code, message } = data;
  if (outcome === 'failed') return typeof code === 'string' && typeof message === 'string';
  return outcome === 'completed' || outcome === 'cancelled';
}
