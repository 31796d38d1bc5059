const http = require("node:http");
const takes = { "/healthz": 0, "/slow": 6000 };
let closing = false;

const server = http.createServer((request, response) => {
  setTimeout(() => {
    response.setHeader("X-Pod-Name", process.env.HOSTNAME);
    if (closing) response.setHeader("Connection", "close");
    response.end("ok\n");
  }, takes[request.url] ?? 20);
});
server.listen(8080);

process.on("SIGTERM", () => {
  closing = true;
  // Kept connections end with their next answer; then those go that stay idle.
  setTimeout(() => {
    server.close(() => process.exit(0));
    setInterval(() => server.closeIdleConnections(), 100);
  }, 2000);
});
