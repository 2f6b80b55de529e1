/** In the order of their numbers on the wire: new ones go last. */
export const FRAME_KINDS = ['head', 'body', 'fin', 'handover'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

/**
 * A piece of the answer of a completion job, on its way from worker to gateway. Frame 0 is the head, then body frames, then
 * one `fin` frame. A body frame of an event stream holds whole events. A frame is fenced by (stream, attempt, sequence).
 *
 * A later attempt either begins anew, with a head of sequence 0, which it may only do while no body was sent; or it goes
 * on where the log of the response ends: its first frame is then a `handover` with the sequence number after the last one
 * logged. Redis takes no frame of an attempt older than the one that claimed the log, so an older frame with that number
 * or a higher one cannot exist.
 */
export interface Frame {
  /** The gateway's number for the response, u32. */
  readonly stream: number;
  /** Which try of the job wrote it, from 1, u16. */
  readonly attempt: number;
  /** 0, 1, 2 … within one attempt, u32. */
  readonly sequence: number;
  readonly kind: FrameKind;
  /** head: `FrameHead` JSON; body: the engine's own bytes; fin: `FrameFin` JSON; handover: `FrameHandover` JSON. */
  readonly payload: Buffer;
}

/** Payload of the first frame of an attempt that goes on with what another began. */
export interface FrameHandover {
  /** Who answers from here on. */
  readonly workerId: string;
}

/** Payload of frame 0: how the HTTP response begins. */
export interface FrameHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Who answers, so that cancel, pause and replay can be addressed. */
  readonly workerId: string;
}

/** Payload of the last frame. */
export type FrameFin =
  | { readonly outcome: 'completed' }
  | { readonly outcome: 'cancelled' }
  /** `code` is one of the error catalogue; `message` is a sentence for the caller. */
  | { readonly outcome: 'failed'; readonly code: string; readonly message: string };
