// ON_SIGTERM is close, exit, linger or, for what node does by itself, empty.
// OPEN_AFTER is how many seconds the port opens after the one of the readiness
// probe, which is 9090. With NAMELESS no answer names the pod.
const fs = require("node:fs");
const http = require("node:http");
const log = fs.openSync("/tmp/access.log", "a");
const takes = { "/healthz": 0, "/half": 500, "/slow": 1000 * (process.env.SLOW || 3) };

const server = http.createServer((request, response) => {
  fs.writeSync(log, `${Date.now() / 1000} ${request.socket.remotePort ?? 0} ${request.headers.traceparent ?? "-"}\n`);
  setTimeout(() => {
    if (!process.env.NAMELESS) response.setHeader("X-Pod-Name", process.env.HOSTNAME);
    response.end("ok\n");
  }, takes[request.url] ?? 20);
});
http.createServer((request, response) => response.end("ok\n")).listen(9090);
setTimeout(() => server.listen(8080), 1000 * (process.env.OPEN_AFTER || 0));

const end = {
  close: () => server.close(() => process.exit(0)),
  exit: () => process.exit(0),
  linger: () => {
    server.close();
    setTimeout(() => process.exit(0), 5000);
  },
}[process.env.ON_SIGTERM];
if (end) process.on("SIGTERM", end);
