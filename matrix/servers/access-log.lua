-- haproxy's own log has a request at its end, and not where a stop cuts it.
local log = io.open("/tmp/access.log", "a")
log:setvbuf("line")
core.register_action("log-read", { "http-req" }, function(txn)
  local now = core.now()
  log:write(string.format("%d.%06d %d %s\n", now.sec, now.usec, txn.f:src_port(), txn.f:req_hdr("traceparent") or "-"))
end)
