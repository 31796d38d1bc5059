import asyncio
import os
import time

from tornado.web import Application, RequestHandler

LOG = os.open("/tmp/access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
TAKES = {"/healthz": 0, "/half": 0.5, "/slow": float(os.environ.get("SLOW", 3))}


class Handler(RequestHandler):
    async def get(self):
        port = self.request.connection.context.address[1]
        line = "%.6f %d %s\n" % (time.time(), port, self.request.headers.get("traceparent", "-"))
        os.write(LOG, line.encode())
        await asyncio.sleep(TAKES.get(self.request.path, 0.02))
        if not os.environ.get("NAMELESS"):
            self.set_header("X-Pod-Name", os.environ["HOSTNAME"])
        self.write("ok\n")

    post = get


async def main():
    Application([(".*", Handler)]).listen(8080)
    await asyncio.Event().wait()


asyncio.run(main())
