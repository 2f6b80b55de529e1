/**
 * Every key is built from the queue's base key, `<namespace>:{<queue>}:`. That one key routes a script in a cluster,
 * and the others share its hash tag; naming each would be half of the bytes of a job.
 */
const KEYS = 1;

/**
 * Takes the next job: those given back by the stalled check first, as BullMQ does, then the most urgent.
 *
 * Where jobs are left it wakes the next consumer; where none is, it takes away a wake-up that would find nothing. Any
 * job that comes later brings its own.
 *
 * Returns `{fields, id, are jobs left}`, or false when nothing waits.
 */
const TAKE = `
local function take(base, token, lockDuration, now)
  local active = base .. 'active'
  local id = redis.call('RPOPLPUSH', base .. 'wait', active)
  if not id then
    id = redis.call('ZPOPMIN', base .. 'prioritized')[1]
    if not id then
      redis.call('DEL', base .. 'pc')
      return false
    end
    redis.call('LPUSH', active, id)
  end
  local job = base .. id
  redis.call('SET', job .. ':lock', token, 'PX', lockDuration)
  local fields = redis.call('HGETALL', job)
  local starts = 0
  for index = 1, #fields, 2 do
    if fields[index] == 'ats' then starts = tonumber(fields[index + 1]) end
  end
  starts = starts + 1
  redis.call('HSET', job, 'processedOn', now, 'ats', starts)
  for _, value in ipairs({ 'processedOn', now, 'ats', tostring(starts) }) do
    fields[#fields + 1] = value
  end
  local left = redis.call('EXISTS', base .. 'wait', base .. 'prioritized')
  if left > 0 then
    redis.call('ZADD', base .. 'marker', 0, '0')
  else
    redis.call('ZREM', base .. 'marker', '0')
  end
  return { fields, id, left }
end
`;

export interface SlimScript {
  /** What the command is called on a connection. */
  readonly name: string;
  readonly numberOfKeys: number;
  readonly lua: string;
}

/** ARGV: id, name, data, options as JSON, time, priority. Adds nothing when the id is taken. Returns the id. */
export const ADD_JOB: SlimScript = {
  name: 'longshore:addJob',
  numberOfKeys: KEYS,
  lua: `
local base, id, priority = KEYS[1], ARGV[1], ARGV[6]
local job = base .. id
if redis.call('EXISTS', job) == 1 then return id end
redis.call('HSET', job, 'name', ARGV[2], 'data', ARGV[3], 'opts', ARGV[4], 'timestamp', ARGV[5],
  'delay', 0, 'priority', priority)
local count = redis.call('INCR', base .. 'pc')
redis.call('ZADD', base .. 'prioritized', tonumber(priority) * 0x100000000 + count % 0x100000000, id)
redis.call('ZADD', base .. 'marker', 0, '0')
return id
`,
};

/** ARGV: token, lock duration, time. Returns what `take` returns. */
export const TAKE_JOB: SlimScript = {
  name: 'longshore:takeJob',
  numberOfKeys: KEYS,
  lua: `${TAKE}
return take(KEYS[1], ARGV[1], ARGV[2], ARGV[3])
`,
};

/**
 * ARGV: token, lock duration, time, id, `1` to take the next job. Returns what `take` returns when the next job is
 * asked for, otherwise 0; or -1, with nothing changed, when the job is not the caller's to finish.
 */
export const FINISH_JOB: SlimScript = {
  name: 'longshore:finishJob',
  numberOfKeys: KEYS,
  lua: `${TAKE}
local base, id = KEYS[1], ARGV[4]
local job = base .. id
if redis.call('GET', job .. ':lock') ~= ARGV[1] then return -1 end
if redis.call('LREM', base .. 'active', -1, id) == 0 then return -1 end
redis.call('DEL', job, job .. ':lock')
redis.call('SREM', base .. 'stalled', id)
if ARGV[5] == '1' then return take(base, ARGV[1], ARGV[2], ARGV[3]) end
return 0
`,
};

/** Wakes one consumer. */
export const WAKE: SlimScript = {
  name: 'longshore:wake',
  numberOfKeys: KEYS,
  lua: `return redis.call('ZADD', KEYS[1] .. 'marker', 0, '0')`,
};
