-- What wrk sends: requests prepared in a file of lines, one picked by chance each time. A line may hold <KEY>, which
-- becomes a key that was never used before. Preparing them beforehand keeps the generator off the processors that it
-- shares with what it measures.

local before, after = {}, {}
local threads = 0
local prefix, sent = "", 0

function setup(thread)
    thread:set("number", threads)
    threads = threads + 1
end

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for line in file:lines() do
        local request = line:gsub("<CRLF>", "\r\n")
        local from, to = request:find("<KEY>", 1, true)
        before[#before + 1] = from and request:sub(1, from - 1) or request
        after[#after + 1] = from and request:sub(to + 1) or false
    end
    file:close()
    math.randomseed(tonumber(arguments[2]) + number)
    prefix = string.format("%s-%d-", arguments[2], number)
end

function request()
    local place = math.random(#before)
    local rest = after[place]
    if not rest then return before[place] end
    sent = sent + 1
    return before[place] .. prefix .. string.format("%012d", sent) .. rest
end

function done(summary, latency)
    local errors = summary.errors
    io.write(string.format(
        '{"requests": %d, "microseconds": %d, "not_2xx": %d, "broken": %d, "p50_us": %d, "p99_us": %d}\n',
        summary.requests, summary.duration, errors.status,
        errors.connect + errors.read + errors.write + errors.timeout,
        latency:percentile(50), latency:percentile(99)))
end
