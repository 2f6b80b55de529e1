import type { Script } from '../run-script.js';
import { CHOOSE, OWN_MARKER_MS } from './preference.js';
import { STANDING } from './standing.js';

/**
 * Takes the next job: those that came back first, as BullMQ does, then the most urgent, and where that one prefers
 * another worker what `CHOOSE` says. `taker` is empty where the worker is not known.
 *
 * Where jobs are left it wakes the next consumer; where none is, it takes away a wake-up that would find nothing. Any
 * job that comes later brings its own.
 *
 * Returns `{fields, id, are jobs left}`, or false when nothing waits, or `{milliseconds}` when all that waits is kept for
 * other workers for so long: then the caller is to wake a consumer. The fields count what the job was blamed for (`blm`)
 * with the holders it lost (`stc`), because BullMQ has one counter.
 */
const TAKE = `${CHOOSE}
local function read(job)
  local fields = redis.call('HGETALL', job)
  local named = {}
  for index = 1, #fields, 2 do named[fields[index]] = fields[index + 1] end
  return fields, named
end

local function take(base, token, lockDuration, now, taker)
  local active = base .. 'active'
  local id = redis.call('RPOPLPUSH', base .. 'wait', active)
  local fields, named
  if id then
    fields, named = read(base .. id)
  else
    local first = redis.call('ZPOPMIN', base .. 'prioritized')
    id = first[1]
    if not id then
      redis.call('DEL', base .. 'pc')
      return false
    end
    fields, named = read(base .. id)
    if named.prf and taker ~= '' and named.prf ~= taker then
      local chosen, remaining = choose(base, taker, id, first[2], named)
      if chosen ~= id then
        redis.call('ZADD', base .. 'prioritized', first[2], id)
        if not chosen then return { remaining } end
        redis.call('ZREM', base .. 'prioritized', chosen)
        id = chosen
        fields, named = read(base .. id)
      end
    end
    redis.call('LPUSH', active, id)
  end
  local job = base .. id
  redis.call('SET', job .. ':lock', token, 'PX', lockDuration)
  local starts = tonumber(named.ats or 0) + 1
  redis.call('HSET', job, 'processedOn', now, 'ats', starts)
  for _, value in ipairs({ 'processedOn', now, 'ats', tostring(starts) }) do
    fields[#fields + 1] = value
  end
  local blamed = tonumber(named.blm or 0)
  if blamed > 0 then
    fields[#fields + 1] = 'stc'
    fields[#fields + 1] = tostring(tonumber(named.stc or 0) + blamed)
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

/**
 * ARGV: id, name, data, options as JSON, time, priority, how many jobs may wait (empty: any number), how often the job
 * was begun before, the worker it prefers (empty: none), how long it is kept for that one. Adds nothing when the id is
 * taken. Returns how many jobs are ahead of it, or -1, with nothing changed, when as many wait as may.
 *
 * A job that is kept for a worker wakes it on a marker of its own, beside the one that wakes any.
 */
export const ADD_JOB: Script = {
  name: 'longshore:addJob',
  lua: `
local base, id, priority, limit = KEYS[1], ARGV[1], ARGV[6], tonumber(ARGV[7])
local job, wait, prioritized = base .. id, base .. 'wait', base .. 'prioritized'
local first = 0
if redis.call('EXISTS', job, wait) > 0 then
  first = redis.call('LLEN', wait)
  if redis.call('EXISTS', job) == 1 then
    local rank = redis.call('ZRANK', prioritized, id)
    return rank and first + rank or 0
  end
end
local others = redis.call('ZCARD', prioritized)
if limit and first + others >= limit then return -1 end
redis.call('HSET', job, 'name', ARGV[2], 'data', ARGV[3], 'opts', ARGV[4], 'timestamp', ARGV[5],
  'delay', 0, 'priority', priority)
if ARGV[8] ~= '0' then redis.call('HSET', job, 'ats', ARGV[8]) end
if ARGV[9] ~= '' then
  redis.call('HSET', job, 'prf', ARGV[9])
  if ARGV[10] ~= '0' then
    local time = redis.call('TIME')
    redis.call('HSET', job, 'prt', time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[10])
    local own = base .. 'marker:' .. ARGV[9]
    redis.call('ZADD', own, 0, '0')
    redis.call('PEXPIRE', own, ${OWN_MARKER_MS})
  end
end
local count = redis.call('INCR', base .. 'pc')
redis.call('ZADD', prioritized, tonumber(priority) * 0x100000000 + count % 0x100000000, id)
redis.call('ZADD', base .. 'marker', 0, '0')
if others == 0 then return first end
return first + redis.call('ZRANK', prioritized, id)
`,
};

/** ARGV: token, lock duration, time, worker. Returns what `take` returns. */
export const TAKE_JOB: Script = {
  name: 'longshore:takeJob',
  lua: `${TAKE}
return take(KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4])
`,
};

/**
 * ARGV: token, lock duration, time, id, `1` to take the next job, attempt, worker. Returns what `take` returns when the next
 * job is asked for, otherwise 0; or -1, with nothing changed, when the job is not the caller's to finish. A job whose
 * lock ran out is the caller's as long as nobody else began it; of one that is gone nothing is left to finish.
 */
export const FINISH_JOB: Script = {
  name: 'longshore:finishJob',
  lua: `${STANDING}${TAKE}
local base, id = KEYS[1], ARGV[4]
local job = base .. id
local standing = standingOf(base, id, ARGV[1], tonumber(ARGV[6]), redis.call('GET', job .. ':lock'))
if standing == 'lost' then return -1 end
if standing == 'waiting' then leave(base, id) end
if redis.call('LREM', base .. 'active', -1, id) == 0 and standing == 'held' then return -1 end
redis.call('DEL', job, job .. ':lock')
if ARGV[5] == '1' then return take(base, ARGV[1], ARGV[2], ARGV[3], ARGV[7]) end
return 0
`,
};

/** Wakes a consumer where jobs wait. */
export const WAKE: Script = {
  name: 'longshore:wake',
  lua: `
local base = KEYS[1]
if redis.call('EXISTS', base .. 'wait', base .. 'prioritized') > 0 then redis.call('ZADD', base .. 'marker', 0, '0') end
return 0
`,
};

/** ARGV: id. Removes a job that has no holder. Returns 1, or 0, with nothing changed, when it has one or is not there. */
export const REMOVE_JOB: Script = {
  name: 'longshore:removeJob',
  lua: `
local base, id = KEYS[1], ARGV[1]
local job = base .. id
if redis.call('EXISTS', job .. ':lock') == 1 then return 0 end
if redis.call('ZREM', base .. 'prioritized', id) == 0 and redis.call('LREM', base .. 'wait', 1, id) == 0 then
  redis.call('LREM', base .. 'active', 1, id)
end
return redis.call('DEL', job)
`,
};
