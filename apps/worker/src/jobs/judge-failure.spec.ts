import { describe, expect, it } from 'vitest';
import { LongshoreError } from '#contracts';
import { CannotContinue, EngineConnectionError } from '#engines';
import { type Failure, judgeFailure, mayBeDeath, poison, Superseded } from './judge-failure.js';
import { Cancelled, EngineStalled, Stopping } from './live-requests.js';

const failure = (facts: Partial<Failure>): Failure => ({
  error: new Error('aborted'),
  workerId: 'w1',
  logged: true,
  begun: true,
  obituary: undefined,
  failures: 0,
  failureLimit: 3,
  ...facts,
});
const judge = (facts: Partial<Failure>) => judgeFailure(failure(facts));

const connectionError = (code: string): EngineConnectionError =>
  new EngineConnectionError('no answer', { cause: Object.assign(new Error(code), { code }) });

const HANDED_BACK = { kind: 'hand-back', blame: false };
const answered = (code: string) => ({ kind: 'answer', fin: { outcome: 'failed', code } });

describe('judgeFailure', () => {
  it('lets another attempt go on when the engine has died, and blames the request', () => {
    expect(judge({ obituary: 'It was killed.' })).toEqual({ kind: 'hand-back', blame: true });
    expect(judge({ obituary: 'It was killed.', begun: false })).toEqual({ kind: 'hand-back', blame: true });
  });

  it('gives a request up that has seen too many engines die, and says how the last one did', () => {
    const verdict = judge({ obituary: 'Signal SIGSEGV ended it.', failures: 2 });
    expect(verdict).toMatchObject(answered('poison_request'));
    expect(verdict).toMatchObject({ fin: { message: expect.stringContaining('SIGSEGV') } });
  });

  it('does not blame a request that its engine was gone before', () => {
    const error = connectionError('ECONNREFUSED');
    expect(judge({ error, obituary: 'gone', failures: 2 })).toEqual(HANDED_BACK);
    expect(judge({ error, logged: false, begun: false })).toEqual(HANDED_BACK);
  });

  it('blames a request whose engine died while it took it', () => {
    const error = connectionError('ECONNRESET');
    expect(judge({ error, obituary: 'gone', begun: false })).toEqual({ kind: 'hand-back', blame: true });
  });

  it('tells of the death when there is no log to go on by', () => {
    expect(judge({ logged: false, obituary: 'It was killed.' })).toMatchObject(answered('engine_failed'));
  });

  it('tells of an answer that broke off although the engine lives', () => {
    const verdict = judge({ error: new Error('socket hang up') });
    expect(verdict).toMatchObject(answered('engine_failed'));
    expect(verdict).toMatchObject({ fin: { message: expect.stringContaining('socket hang up') } });
  });

  it('says nothing when another attempt has taken over', () => {
    expect(judge({ error: new Superseded('x') })).toEqual(HANDED_BACK);
  });

  it('hands over when the worker stops, unless the answer has begun and has no log', () => {
    const error = new Stopping();
    expect(judge({ error })).toEqual(HANDED_BACK);
    expect(judge({ error, logged: false, begun: false })).toEqual(HANDED_BACK);
    expect(judge({ error, logged: false })).toMatchObject(answered('shutting_down'));
  });

  it('ends what was cancelled as cancelled', () => {
    expect(judge({ error: new Cancelled('x') })).toEqual({ kind: 'answer', fin: { outcome: 'cancelled' } });
  });

  it('tells what nobody can repair', () => {
    expect(judge({ error: new LongshoreError('deadline_exceeded') })).toMatchObject(
      answered('deadline_exceeded'),
    );
    expect(judge({ error: new CannotContinue('They differ.') })).toEqual({
      kind: 'answer',
      fin: { outcome: 'failed', code: 'engine_failed', message: 'They differ.' },
    });
    expect(judge({ error: new EngineStalled('silent for 5 s') })).toMatchObject(answered('engine_failed'));
  });
});

describe('mayBeDeath', () => {
  it('holds for errors of a connection that was there, and for nothing that we did ourselves', () => {
    expect(mayBeDeath(new Error('aborted'))).toBe(true);
    expect(mayBeDeath(connectionError('ECONNRESET'))).toBe(true);
    expect(mayBeDeath(connectionError('ENOENT'))).toBe(false);
    const ours = [new Cancelled('x'), new Superseded('x'), new Stopping(), new EngineStalled('x')];
    expect(ours.map(mayBeDeath)).toEqual([false, false, false, false]);
  });
});

describe('poison', () => {
  it('ends its sentence once', () => {
    expect(poison('it ended 3 workers').message).toBe('The request was given up: it ended 3 workers.');
    expect(poison('It crashed.').message).toBe('The request was given up: It crashed.');
  });
});
