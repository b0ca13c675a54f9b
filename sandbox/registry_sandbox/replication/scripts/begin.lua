-- Returns the log that there is: its identity, its start, its first position, and whether a state is saved for that.
-- Where there is none, it begins one.
-- One step, so that of several replicas that start together, one seeds and the others find its start.
--
-- KEYS: the hash that describes the log; its stream.
-- ARGV: identity and start of a new log.
local known = redis.call('HMGET', KEYS[1], 'identity', 'start', 'position', 'saved')
if known[1] then
  return known
end
-- What is left of an older log without its description belongs to nobody.
redis.call('DEL', KEYS[2])
-- Before every entry that is to come: the first may come within this millisecond.
local now = redis.call('TIME')
local position = string.format('%d-0', now[1] * 1000 + math.floor(now[2] / 1000) - 1)
redis.call('HSET', KEYS[1], 'identity', ARGV[1], 'start', ARGV[2], 'position', position)
return {ARGV[1], ARGV[2], position, false}
