/**
 * Lua functions about a job that the caller began.
 *
 * `standingOf` tells what became of it and changes nothing:
 * - `held`: its lock is the caller's.
 * - `active`, `waiting`: it has no lock, and nobody began it after the caller. Redis was away, or has lost its last
 *   second, or the caller slept: it may go on.
 * - `vanished`: Redis does not know the job.
 * - `lost`: somebody else has begun it, or given it up.
 *
 * `leave` takes a job out of where jobs wait. A job that was given back because it seemed abandoned was not.
 */
export const STANDING = `
local function standingOf(base, id, token, attempt, lock)
  if lock == token then return 'held' end
  if lock then return 'lost' end
  local starts = redis.call('HGET', base .. id, 'ats')
  if not starts and redis.call('EXISTS', base .. id) == 0 then return 'vanished' end
  if tonumber(starts or 0) > attempt then return 'lost' end
  if redis.call('LPOS', base .. 'active', id) then return 'active' end
  if redis.call('LPOS', base .. 'wait', id) then return 'waiting' end
  if redis.call('ZSCORE', base .. 'prioritized', id) then return 'waiting' end
  return 'lost'
end

local function leave(base, id)
  if redis.call('LREM', base .. 'wait', 1, id) == 0 then
    redis.call('ZREM', base .. 'prioritized', id)
  elseif tonumber(redis.call('HGET', base .. id, 'stc') or 0) > 0 then
    redis.call('HINCRBY', base .. id, 'stc', -1)
  end
end
`;
