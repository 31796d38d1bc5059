log = File.open("/tmp/access.log", "a")
log.sync = true
takes = { "/healthz" => 0, "/slow" => 6 }

run(lambda do |env|
  log.write(format("%.6f %d %s\n", Time.now.to_f, env["puma.socket"].peeraddr(false)[1], env["HTTP_TRACEPARENT"] || "-"))
  sleep takes.fetch(env["PATH_INFO"], 0.02)
  [200, { "Content-Type" => "text/plain", "X-Pod-Name" => ENV["HOSTNAME"] }, ["ok\n"]]
end)
