import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Names, WorkerAnnouncement } from '#contracts';
import type { RedisClient } from '#redis';
import { Presence } from './presence.js';

describe('what a worker tells of its requests', () => {
  let commands: string[];
  let told: number[];
  let busy: number;
  let presence: Presence;

  beforeEach(async () => {
    vi.useFakeTimers();
    commands = [];
    told = [];
    busy = 0;
    const note = (command: string) => async () => void commands.push(command);
    const redis = {
      status: 'ready',
      set: note('set'),
      zadd: note('zadd'),
      zrem: note('zrem'),
      del: note('del'),
      zremrangebyscore: note('zremrangebyscore'),
      publish: async (_: string, json: string) => {
        commands.push('publish');
        told.push((JSON.parse(json) as WorkerAnnouncement).memoryFree);
      },
    };
    presence = new Presence({
      redis: redis as unknown as RedisClient,
      names: new Names('test'),
      workerId: 'w1',
      describe: () => Object.assign(new WorkerAnnouncement(), { workerId: 'w1', memoryFree: busy }),
    });
    await presence.start();
    [commands.length, told.length] = [0, 0];
  });
  afterEach(async () => {
    await presence.leave();
    vi.useRealTimers();
  });

  it('leaves at once and costs one message', async () => {
    presence.stirred();
    await vi.advanceTimersByTimeAsync(1);
    expect(commands).toEqual(['publish']);
  });

  it('leaves at most every 50 ms, and the last of it always', async () => {
    for (busy = 1; busy <= 200; busy++) {
      presence.stirred();
      await vi.advanceTimersByTimeAsync(1);
    }
    busy = 500;
    presence.stirred();
    await vi.advanceTimersByTimeAsync(50);
    expect(commands.length).toBeLessThanOrEqual(6);
    expect(commands.length).toBeGreaterThanOrEqual(4);
    expect(told[0]).toBe(1);
    expect(told.at(-1)).toBe(500);
  });

  it('does not follow the departure', async () => {
    presence.stirred();
    await presence.leave();
    commands.length = 0;
    await vi.advanceTimersByTimeAsync(500);
    expect(commands).toEqual([]);
  });
});
