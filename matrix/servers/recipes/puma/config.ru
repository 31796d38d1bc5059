takes = { "/healthz" => 0, "/slow" => 6 }

run(lambda do |env|
  sleep takes.fetch(env["PATH_INFO"], 0.02)
  [200, { "Content-Type" => "text/plain", "X-Pod-Name" => ENV["HOSTNAME"] }, ["ok\n"]]
end)
