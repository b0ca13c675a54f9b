-- Returns what a reader of a journal does not have yet. One step, so that counts and records agree.
--
-- KEYS: the stream of the journal; the hash of its counts.
-- ARGV: the id of the last record that the reader has; empty for none.
local from = '-'
if ARGV[1] ~= '' then
  from = '(' .. ARGV[1]
end
local counts = redis.call('HMGET', KEYS[2], 'noted', 'numbered')
return {redis.call('XRANGE', KEYS[1], from, '+'), redis.call('XLEN', KEYS[1]), counts[1] or '0', counts[2] or '0'}
