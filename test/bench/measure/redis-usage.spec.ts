import { describe, expect, it } from 'vitest';
import { allCommands, parseRedisUsage, scriptCalls, usageBetween, withoutIdle } from './redis-usage.js';

const info = (publish: number, evalsha: number, bytes: number): string =>
  [
    `cmdstat_publish:calls=${publish},usec=20,usec_per_call=2.00,rejected_calls=0,failed_calls=0`,
    `cmdstat_evalsha:calls=${evalsha},usec=20,usec_per_call=2.00,rejected_calls=0,failed_calls=0`,
    'cmdstat_info:calls=9,usec=20,usec_per_call=2.00,rejected_calls=0,failed_calls=0',
    `total_net_input_bytes:${bytes}`,
    `total_net_output_bytes:${2 * bytes}`,
  ].join('\r\n');

describe('what Redis has done', () => {
  it('is read without the reading itself', () => {
    const usage = parseRedisUsage(info(4, 3, 100));
    expect(usage).toEqual({ calls: { publish: 4, evalsha: 3 }, bytesIn: 100, bytesOut: 200 });
    expect([allCommands(usage), scriptCalls(usage)]).toEqual([7, 3]);
  });

  it('is counted between two readings, less what an idle cluster does', () => {
    const usage = usageBetween(parseRedisUsage(info(4, 3, 100)), parseRedisUsage(info(24, 3, 300)));
    const idle = { calls: { publish: 10, evalsha: 1 }, bytesIn: 100, bytesOut: 1_000 };
    expect(withoutIdle(usage, idle, 0.5)).toEqual({
      calls: { publish: 15, evalsha: 0 },
      bytesIn: 150,
      bytesOut: 0,
    });
  });
});
