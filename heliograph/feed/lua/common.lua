-- Put before every script. A list holds photo ids, newest arrival first, and two kinds of marks:
--   '-17'   always last: complete above id 17. Without it the list is not built yet.
--   '?…'    somebody reads the nodes to build it anew; what stands left of it arrived since.

-- Ids as decimal text: longer is larger. As numbers they would lose their last digits (Lua has doubles).
local function above(a, b)
    if #a ~= #b then return #a > #b end
    return a > b
end

local function floor_of(all)
    local last = all[#all]
    if last and last:byte() == 45 then return last:sub(2) end
    return nil
end

local function marked(all)
    for place, element in ipairs(all) do
        if element:byte() == 63 then return place end
    end
    return nil
end

-- Sorted, each id once, only what is above the floor, at most `keep`: and the floor that is then true.
local function tidy(ids, floor, keep)
    table.sort(ids, above)
    local kept, last = {}, nil
    for _, id in ipairs(ids) do
        if not above(id, floor) then break end
        if id ~= last then
            if #kept == keep then return kept, id end
            kept[#kept + 1] = id
            last = id
        end
    end
    return kept, floor
end

local function write(key, ids, floor)
    redis.call('DEL', key)
    for first = 1, #ids, 500 do
        redis.call('RPUSH', key, unpack(ids, first, math.min(first + 499, #ids)))
    end
    redis.call('RPUSH', key, '-' .. floor)
end

-- Arrival order is not id order: the largest id that falls off the end is the new floor.
local function trim(key, keep)
    local cut = redis.call('LRANGE', key, keep, -1)
    local floor = floor_of(cut)
    if not floor then -- so many arrivals while it is being built: whoever builds it starts again
        redis.call('DEL', key)
        return
    end
    for place = 1, #cut - 1 do
        if cut[place]:byte() ~= 63 and above(cut[place], floor) then floor = cut[place] end
    end
    redis.call('LTRIM', key, 0, keep - 1)
    redis.call('RPUSH', key, '-' .. floor)
end
