import type { Script } from '../run-script.js';
import { STANDING } from './standing.js';

/**
 * ARGV: lock duration, then id, token and attempt of each job. Extends the locks that are the caller's and takes back
 * jobs that lost theirs and that nobody else began. Returns `index, standing` of each job whose lock was not held: the
 * index counts from 0, the standing is `reclaimed`, `vanished` or `lost`.
 */
export const RENEW_LOCKS: Script = {
  name: 'longshore:renewLocks',
  lua: `${STANDING}
local base, duration = KEYS[1], ARGV[1]
local keys = {}
for index = 2, #ARGV, 3 do keys[#keys + 1] = base .. ARGV[index] .. ':lock' end
local locks = redis.call('MGET', unpack(keys))
local changes = {}
for number, key in ipairs(keys) do
  local index = 3 * number - 1
  local id, token, attempt = ARGV[index], ARGV[index + 1], tonumber(ARGV[index + 2])
  local standing = standingOf(base, id, token, attempt, locks[number])
  if standing == 'held' then
    redis.call('PEXPIRE', key, duration)
  else
    if standing == 'waiting' then
      leave(base, id)
      redis.call('LPUSH', base .. 'active', id)
    end
    if standing == 'waiting' or standing == 'active' then
      redis.call('SET', key, token, 'PX', duration)
      redis.call('HSET', base .. id, 'ats', attempt)
      standing = 'reclaimed'
    end
    changes[#changes + 1] = number - 1
    changes[#changes + 1] = standing
  end
end
return changes
`,
};

/**
 * ARGV: id, token. Counts a job that the caller has just taken as begun once more. It may have been begun without Redis
 * remembering that, and two attempts with the same number could both answer. Returns the number of the attempt; nothing,
 * with nothing changed, when the caller does not hold the job.
 */
export const RAISE_ATTEMPT: Script = {
  name: 'longshore:raiseAttempt',
  lua: `
local job = KEYS[1] .. ARGV[1]
if redis.call('GET', job .. ':lock') ~= ARGV[2] then return nil end
return redis.call('HINCRBY', job, 'ats', 1)
`,
};

/**
 * ARGV: id, token, lock duration, attempt, failures, name, data, options as JSON, time, priority. Makes a job anew that
 * Redis has forgotten, as begun by the caller. Returns 0, with nothing changed, when there is such a job.
 */
export const RESTORE_JOB: Script = {
  name: 'longshore:restoreJob',
  lua: `
local base, id = KEYS[1], ARGV[1]
local job = base .. id
if redis.call('EXISTS', job) == 1 then return 0 end
redis.call('HSET', job, 'name', ARGV[6], 'data', ARGV[7], 'opts', ARGV[8], 'timestamp', ARGV[9],
  'delay', 0, 'priority', ARGV[10], 'ats', ARGV[4], 'stc', ARGV[5])
redis.call('LREM', base .. 'active', 0, id)
redis.call('LPUSH', base .. 'active', id)
redis.call('SET', job .. ':lock', ARGV[2], 'PX', ARGV[3])
return 1
`,
};

/**
 * ARGV: id, token, attempt, `1` to count a failure of the job. Puts a job back, to be taken next, and wakes a consumer.
 * Returns the job's standing before; only one that was `held` or `active` went back.
 */
export const HAND_BACK: Script = {
  name: 'longshore:handBack',
  lua: `${STANDING}
local base, id = KEYS[1], ARGV[1]
local job = base .. id
local standing = standingOf(base, id, ARGV[2], tonumber(ARGV[3]), redis.call('GET', job .. ':lock'))
if standing ~= 'held' and standing ~= 'active' then return standing end
redis.call('DEL', job .. ':lock')
if redis.call('LREM', base .. 'active', -1, id) == 0 then return 'lost' end
if ARGV[4] == '1' then redis.call('HINCRBY', job, 'blm', 1) end
redis.call('RPUSH', base .. 'wait', id)
redis.call('ZADD', base .. 'marker', 0, '0')
return standing
`,
};

/**
 * ARGV: how long a look counts as recent, how long holders get when there was none, index of the first active job to
 * look at, most jobs to look at. Gives back, to be taken next, active jobs without a lock.
 *
 * No lock can have run out unseen while looks follow each other closely. When they did not, Redis was away or stood
 * still, so that locks of living holders may have run out: these get time to renew them. `looked` holds when that time
 * ends or ended.
 *
 * Where jobs wait it also wakes a consumer, because the one that was woken may have died. Where no job is, BullMQ's own
 * list of suspects, which workers of release 0.1.0 leave behind, is not needed any more.
 *
 * Returns the index to go on from, 0 when all were looked at.
 */
export const RETURN_ABANDONED: Script = {
  name: 'longshore:returnAbandoned',
  lua: `
local base, first, most = KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4])
local active, wait, looked = base .. 'active', base .. 'wait', base .. 'looked'
if redis.call('EXISTS', active, wait, base .. 'prioritized') == 0 then
  redis.call('DEL', base .. 'stalled')
  return 0
end
local ids = redis.call('LRANGE', active, first, first + most - 1)
local returned = 0
if #ids > 0 then
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local from = tonumber(redis.call('GET', looked) or now + ARGV[2])
  redis.call('SET', looked, string.format('%.0f', from), 'PX', ARGV[1])
  local locks = {}
  for index, id in ipairs(ids) do locks[index] = base .. id .. ':lock' end
  if now >= from and redis.call('EXISTS', unpack(locks)) < #ids then
    for index, id in ipairs(ids) do
      if redis.call('EXISTS', locks[index]) == 0 then
        redis.call('LREM', active, -1, id)
        if redis.call('EXISTS', base .. id) == 1 then
          redis.call('HINCRBY', base .. id, 'stc', 1)
          redis.call('RPUSH', wait, id)
        end
        returned = returned + 1
      end
    end
  end
end
if redis.call('EXISTS', wait, base .. 'prioritized') > 0 then redis.call('ZADD', base .. 'marker', 0, '0') end
if #ids < most then return 0 end
return first + #ids - returned
`,
};
