-- Appends proposals to the log, and returns the log's entries after a position: what a replica does once in a turn.
-- One step, so that the check of the log and the appending belong together.
--
-- KEYS: the hash that describes the log; its stream.
-- ARGV: the identity that the replica knows; the position that it has applied; how many entries to return at most, and
--       how many bytes; then for each proposal, until when it may be appended (milliseconds on this clock), and the entry.
-- Returns the clock in microseconds (as text: Lua's numbers would lose digits on the way), the entries, and 1 if there
-- are more.
local known = redis.call('HMGET', KEYS[1], 'identity', 'position')
if known[1] ~= ARGV[1] then
  return redis.error_reply('ANOTHERLOG the store has another log, or none')
end
-- A log that was cut, by a failover or a restart, lacks what the replica has applied.
if ARGV[2] ~= known[2] and #redis.call('XRANGE', KEYS[2], ARGV[2], ARGV[2]) == 0 then
  return redis.error_reply('ANOTHERLOG the log does not have ' .. ARGV[2])
end
local now = redis.call('TIME')
local now_ms = now[1] * 1000 + math.floor(now[2] / 1000)
for at = 5, #ARGV, 2 do
  -- Whoever proposed something too long ago has been told that it was not done.
  if now_ms <= tonumber(ARGV[at]) then
    redis.call('XADD', KEYS[2], '*', 'e', ARGV[at + 1])
  end
end
local entries = redis.call('XRANGE', KEYS[2], '(' .. ARGV[2], '+', 'COUNT', ARGV[3])
local more = #entries == tonumber(ARGV[3]) and 1 or 0
local bytes = 0
for at = 1, #entries do
  bytes = bytes + #entries[at][2][2]
  if at > 1 and bytes > tonumber(ARGV[4]) then
    for beyond = #entries, at, -1 do
      entries[beyond] = nil
    end
    more = 1
    break
  end
end
return {string.format('%d%06d', now[1], now[2]), entries, more}
