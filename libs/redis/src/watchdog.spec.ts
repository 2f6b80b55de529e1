import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Watchdog } from './watchdog.js';

/** A connection without a network. */
class FakeConnection {
  status = 'ready';
  pings = 0;
  answers = true;
  stream = this.connect();

  connect(): PassThrough & { bytesRead: number } {
    const stream = Object.assign(new PassThrough(), { bytesRead: 0 });
    stream.on('error', () => undefined);
    return (this.stream = stream);
  }

  ping(): Promise<unknown> {
    this.pings++;
    if (this.answers) this.stream.bytesRead += 7;
    return this.answers ? Promise.resolve('PONG') : Promise.reject(new Error('closed'));
  }
}

describe('Watchdog', () => {
  let connection: FakeConnection;
  let watchdog: Watchdog;
  beforeEach(() => {
    vi.useFakeTimers();
    connection = new FakeConnection();
    watchdog = new Watchdog(() => [connection]);
  });
  afterEach(() => {
    watchdog.stop();
    vi.useRealTimers();
  });

  it('asks a silent connection about once a second and leaves one alone that answers', () => {
    vi.advanceTimersByTime(20_000);
    expect(connection.pings).toBeGreaterThanOrEqual(19);
    expect(connection.pings).toBeLessThanOrEqual(21);
    expect(connection.stream.destroyed).toBe(false);
  });

  it('does not ask a connection that talks', () => {
    for (let second = 0; second < 50; second++) {
      connection.stream.bytesRead++;
      vi.advanceTimersByTime(500);
    }
    expect(connection.pings).toBe(0);
  });

  it('destroys the socket of one that says nothing within 2 s, at the latest 3 s after its last word', () => {
    vi.advanceTimersByTime(10_000);
    connection.answers = false;
    vi.advanceTimersByTime(2_000);
    expect(connection.stream.destroyed).toBe(false);
    vi.advanceTimersByTime(1_500);
    expect(connection.stream.destroyed).toBe(true);
  });

  it('destroys the socket of one that never greets, and gives the next socket as long', () => {
    connection.status = 'connect';
    vi.advanceTimersByTime(3_000);
    expect(connection.stream.destroyed).toBe(true);
    expect(connection.pings).toBe(0);
    const next = connection.connect();
    vi.advanceTimersByTime(2_000);
    expect(next.destroyed).toBe(false);
    vi.advanceTimersByTime(1_000);
    expect(next.destroyed).toBe(true);
  });

  it('leaves one alone that is not connected', () => {
    connection.status = 'reconnecting';
    vi.advanceTimersByTime(30_000);
    expect(connection.stream.destroyed).toBe(false);
    expect(connection.pings).toBe(0);
  });

  it('looks no more after it was stopped', () => {
    watchdog.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
