-- wrk: sends the tokens of a file, one a line, in turns; the same script for every contender.
--   wrk … -s tokens.lua URL -- FILE

local requests, last = {}, 0

function init(arguments)
    for token in io.lines(arguments[1]) do
        local headers = { Host = "bench", Authorization = "Bearer " .. token }
        requests[#requests + 1] = wrk.format("GET", "/gif", headers)
    end
end

function request()
    last = last % #requests + 1
    return requests[last]
end

-- requests, microseconds, failed, refused, and the latency of the 50th and 99th of 100 in microseconds
function done(summary, latency)
    local errors = summary.errors
    io.write(string.format("result %d %d %d %d %d %d\n", summary.requests, summary.duration,
        errors.connect + errors.read + errors.write + errors.timeout, errors.status,
        latency:percentile(50), latency:percentile(99)))
end
