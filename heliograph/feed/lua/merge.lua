-- Many photos into one feed. KEYS: the feed. ARGV: keep, floor above which the photos are all there are, ids.
local all = redis.call('LRANGE', KEYS[1], 0, -1)
local floor = floor_of(all)
if not floor then -- being built by somebody who may have read before: the mark goes, they start again
    redis.call('DEL', KEYS[1])
    return 0
end
local ids = {}
for place = 1, #all - 1 do
    if all[place]:byte() ~= 63 then ids[#ids + 1] = all[place] end
end
for id in string.gmatch(ARGV[3], '%d+') do ids[#ids + 1] = id end
if above(ARGV[2], floor) then floor = ARGV[2] end
local expires = redis.call('PTTL', KEYS[1])
write(KEYS[1], tidy(ids, floor, tonumber(ARGV[1])))
if expires > 0 then redis.call('PEXPIRE', KEYS[1], expires) end
return 1
