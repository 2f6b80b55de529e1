import type { Frame } from '#contracts';

const frame = (attempt: number, sequence: number, kind: Frame['kind'], data: unknown): Frame => ({
  stream: 7,
  attempt,
  sequence,
  kind,
  payload: Buffer.from(typeof data === 'string' ? data : JSON.stringify(data)),
});

/** Frames of one response. Worker `w<attempt>` writes them. */
export const head = (attempt = 1): Frame =>
  frame(attempt, 0, 'head', { status: 200, headers: {}, workerId: `w${attempt}` });
export const body = (sequence: number, text: string, attempt = 1): Frame =>
  frame(attempt, sequence, 'body', text);
export const fin = (sequence: number, attempt = 1): Frame =>
  frame(attempt, sequence, 'fin', { outcome: 'completed' });
export const handover = (sequence: number, attempt = 2): Frame =>
  frame(attempt, sequence, 'handover', { workerId: `w${attempt}` });
