/**
 * Scripts over the logs of one gateway's responses. KEYS[1] is `Names.responsesKey`: `<base>:log:<stream>` and
 * `<base>:fences` are made from it, which share its hash tag and therefore its Redis Cluster slot.
 *
 * A log that appears without a time to live, because Redis lost it or it expired under a worker that had been stopped,
 * gets a short one, so that none stays for ever.
 */
const ORPHAN_TTL_MS = 60_000;

/** How long a fence stands after the latest claim at that gateway; a zombie that sleeps longer finds its job long over. */
const FENCE_TTL_MS = 3_600_000;

/**
 * Above as many fences, and twice as many as were left the last time, those of responses without a log, which are over,
 * are removed. Looking at all of them for each claim would keep Redis busy for seconds when a worker with thousands dies.
 */
const FENCES_TIDIED = 1_000;

/**
 * ARGV: reply channel, batch, then pairs of a stream and the time to live of its log in ms.
 * Returns the number of receivers; or, when not all went well, a list of that number, how many APPENDs Redis refused
 * (out of memory, for example), and pairs of a fenced stream and the attempt that has its log.
 */
export const PUBLISH_FRAMES = `
local base, batch = KEYS[1], ARGV[2]
local fences = redis.call('EXISTS', base .. ':fences') == 1 and base .. ':fences'
local owners, dropped, kept, unlimited = {}, {}, {}, {}
local refused, offset, size = 0, 2, #batch
local run, runStart, runEnd

local function append(stream, bytes)
  local key = base .. ':log:' .. stream
  local length = redis.pcall('APPEND', key, bytes)
  if type(length) == 'table' then
    refused = refused + 1
  elseif length == #bytes then
    unlimited[stream] = key
  end
end

while offset <= size do
  local stream, _, attempt, _, flags, length = struct.unpack('>I4I4I2BBI4', batch, offset)
  local after = offset + 16 + length
  local owner = 0
  if fences then
    owner = owners[stream]
    if not owner then
      owner = tonumber(redis.call('HGET', fences, stream) or 0)
      owners[stream] = owner
    end
  end
  local logged = flags == 0
  if run and not (logged and run == stream and runEnd == offset) then
    append(run, string.sub(batch, runStart, runEnd - 1))
    run = nil
  end
  if attempt < owner then
    dropped[stream] = owner
  else
    if fences then kept[#kept + 1] = string.sub(batch, offset, after - 1) end
    if logged then
      if not run then run, runStart = stream, offset end
      runEnd = after
    elseif flags == 2 then
      append(stream, string.sub(batch, offset, offset + 15))
    end
  end
  offset = after
end
if run then append(run, string.sub(batch, runStart, runEnd - 1)) end

for i = 3, #ARGV, 2 do
  local stream = tonumber(ARGV[i])
  if not dropped[stream] and redis.pcall('PEXPIRE', base .. ':log:' .. ARGV[i], ARGV[i + 1]) == 1 then
    unlimited[stream] = nil
  end
end
for _, key in pairs(unlimited) do redis.call('PEXPIRE', key, ${ORPHAN_TTL_MS}) end

local reply
if next(dropped) then batch = string.sub(batch, 1, 1) .. table.concat(kept) end
local heard = redis.call('PUBLISH', ARGV[1], batch)
if refused == 0 and not next(dropped) then return heard end
reply = { heard, refused }
for stream, owner in pairs(dropped) do
  reply[#reply + 1] = stream
  reply[#reply + 1] = owner
end
return reply
`;

/**
 * ARGV: stream, attempt. Raises the fence, and returns the log ('' when there is none); or nothing when a later attempt
 * has raised it.
 */
export const CLAIM_LOG = `
local fences, stream, attempt = KEYS[1] .. ':fences', ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('HGET', fences, stream) or 0) > attempt then return nil end
local count = redis.call('HLEN', fences)
if count >= ${FENCES_TIDIED} and count >= tonumber(redis.call('HGET', fences, 'tidy at') or 0) then
  for _, other in ipairs(redis.call('HKEYS', fences)) do
    if redis.call('EXISTS', KEYS[1] .. ':log:' .. other) == 0 then redis.call('HDEL', fences, other) end
  end
  redis.call('HSET', fences, 'tidy at', 2 * redis.call('HLEN', fences))
end
redis.call('HSET', fences, stream, attempt)
redis.call('PEXPIRE', fences, ${FENCE_TTL_MS})
return redis.call('GET', KEYS[1] .. ':log:' .. stream) or ''
`;

/**
 * ARGV: stream, attempt, time to live in ms, frames. Adds what Redis has lost of a log, and the fence with it. Returns 0
 * when a later attempt has the log, else 1.
 */
export const MEND_LOG = `
local fences, key, attempt = KEYS[1] .. ':fences', KEYS[1] .. ':log:' .. ARGV[1], tonumber(ARGV[2])
if tonumber(redis.call('HGET', fences, ARGV[1]) or 0) > attempt then return 0 end
if attempt > 1 then
  redis.call('HSET', fences, ARGV[1], attempt)
  redis.call('PEXPIRE', fences, ${FENCE_TTL_MS})
end
if #ARGV[4] > 0 then
  redis.call('APPEND', key, ARGV[4])
  redis.call('PEXPIRE', key, ARGV[3])
end
return 1
`;
