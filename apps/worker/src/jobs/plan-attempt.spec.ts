import { describe, expect, it } from 'vitest';
import type { FrameFin, FrameHead } from '#contracts';
import type { LoggedResponse } from '#streaming';
import { planAttempt } from './plan-attempt.js';

const STREAM: FrameHead = {
  status: 200,
  headers: { 'content-type': 'text/event-stream; charset=utf-8' },
  workerId: 'w1',
};

function logged(facts: Partial<LoggedResponse>): LoggedResponse {
  const body = Buffer.alloc(0);
  return { attempt: 1, frames: [], body, next: 2, bytes: 100, truncated: false, ...facts };
}

const events = (text: string): Buffer => Buffer.from(text);

describe('planAttempt', () => {
  it('says nothing when a later attempt has the log', () => {
    expect(planAttempt(undefined)).toEqual({ kind: 'superseded' });
  });

  it('has nothing to do when the answer is complete in the log', () => {
    const fin: FrameFin = { outcome: 'completed' };
    expect(planAttempt(logged({ head: STREAM, fin }))).toEqual({ kind: 'complete' });
  });

  it('begins anew while nobody has seen any of the answer', () => {
    expect(planAttempt(logged({})).kind).toBe('fresh');
    expect(planAttempt(logged({ head: STREAM })).kind).toBe('fresh');
  });

  it('goes on behind what the log has of a stream', () => {
    const body = events('data: {"a":1}\n\n');
    expect(planAttempt(logged({ head: STREAM, body }))).toMatchObject({ kind: 'go-on', delivered: body });
  });

  it('only says the last word when all events are out', () => {
    for (const end of ['\n\n', '\r\n\r\n']) {
      const body = events(`data: {"a":1}${end}data: [DONE]${end}`);
      expect(planAttempt(logged({ head: STREAM, body })).kind).toBe('close');
    }
  });

  it('does not take text that speaks of the last event for it', () => {
    const body = events('data: {"content":"data: [DONE]"}\n\n');
    expect(planAttempt(logged({ head: STREAM, body })).kind).toBe('go-on');
  });

  it('fails an answer of which more is out than the log has', () => {
    const body = events('data: {"a":1}\n\n');
    const plan = planAttempt(logged({ head: STREAM, body, truncated: true }));
    expect(plan).toMatchObject({ kind: 'fail', error: { code: 'worker_lost' } });
  });

  it('fails an answer that is no stream and of which a part is out', () => {
    const head = { ...STREAM, headers: { 'content-type': 'application/json' } };
    const plan = planAttempt(logged({ head, body: events('{"object":') }));
    expect(plan).toMatchObject({ kind: 'fail', error: { code: 'worker_lost' } });
  });
});
