-- What was read, with what arrived since the mark. KEYS: the feed. ARGV: mark, keep, floor, seconds to live, ids.
local all = redis.call('LRANGE', KEYS[1], 0, -1)
local place = marked(all)
if not place or all[place] ~= ARGV[1] then return 0 end
local ids = {}
for before = 1, place - 1 do ids[before] = all[before] end
for id in string.gmatch(ARGV[5], '%d+') do ids[#ids + 1] = id end
write(KEYS[1], tidy(ids, ARGV[3], tonumber(ARGV[2])))
redis.call('EXPIRE', KEYS[1], ARGV[4])
return 1
