/** A job waits this long for the worker it prefers, unless it says otherwise; ms. */
export const GRACE_MS = 25;
const LONGEST_GRACE_MS = 1_000;

/** The wake-up of a worker that nobody fetched is of no use once any worker may take the job; ms. */
export const OWN_MARKER_MS = 1_000;

/** How many of the jobs that are first in line a worker looks at for one that prefers it. */
const LOOKED_AT = 8;

/** How often a job lets later ones pass. */
const MOST_PASSES = 4;

/**
 * A Lua function about a job that is next in line and prefers another worker than the taker. Fields of a job: `prf` is
 * the worker it prefers, `prt` until when it is kept for that one, in ms of the clock of Redis, and `prs` how often later
 * jobs have passed it.
 *
 * Returns the id of the job to take: among those first in line the first that prefers the taker, else the first that is
 * kept for nobody. Nothing, and in how many milliseconds the first of them is kept no longer, when all are kept for
 * others. No job passes one that is more urgent, or has no preference, or was passed often enough.
 */
export const CHOOSE = `
local function choose(base, taker, head, score, fields)
  local time = redis.call('TIME')
  local now = time[1] * 1000 + math.floor(time[2] / 1000)
  local kept = function(job)
    local remaining = tonumber(job.prt or 0) - now
    -- More than the longest grace is left only where the clock was set back.
    if remaining <= 0 or remaining > ${LONGEST_GRACE_MS} or tonumber(job.prs or 0) >= ${MOST_PASSES} then return 0 end
    return remaining
  end
  local urgency = math.floor(score / 0x100000000)
  local line = redis.call('ZRANGE', base .. 'prioritized', 0, ${LOOKED_AT - 2}, 'WITHSCORES')
  local passed, chosen, passedByChosen = {}, nil, 0
  local soonest = ${LONGEST_GRACE_MS}
  local id, job, index = head, fields, 1
  while true do
    if job.prf == taker then
      chosen, passedByChosen = id, #passed
      break
    end
    local remaining = kept(job)
    if remaining == 0 and not chosen then chosen, passedByChosen = id, #passed end
    if remaining < soonest then soonest = remaining end
    if not job.prf or tonumber(job.prs or 0) >= ${MOST_PASSES} then break end
    passed[#passed + 1] = id
    id = line[index]
    if not id or math.floor(line[index + 1] / 0x100000000) ~= urgency then break end
    local values = redis.call('HMGET', base .. id, 'prf', 'prt', 'prs')
    job = { prf = values[1], prt = values[2] or nil, prs = values[3] or nil }
    index = index + 2
  end
  for number = 1, passedByChosen do redis.call('HINCRBY', base .. passed[number], 'prs', 1) end
  return chosen, soonest
end
`;
