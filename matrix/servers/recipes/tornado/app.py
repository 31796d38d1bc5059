import asyncio
import os
import signal

from tornado.httpserver import HTTPServer
from tornado.web import Application, RequestHandler

TAKES = {"/healthz": 0, "/slow": 6}


class Handler(RequestHandler):
    closing = False
    under_way = 0

    async def get(self):
        Handler.under_way += 1
        try:
            await asyncio.sleep(TAKES.get(self.request.path, 0.02))
            self.set_header("X-Pod-Name", os.environ["HOSTNAME"])
            if Handler.closing:
                self.set_header("Connection", "close")
            await self.finish("ok\n")
        finally:
            Handler.under_way -= 1


async def main():
    server = HTTPServer(Application([(".*", Handler)]))
    server.listen(8080)
    sigterm = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sigterm.set)
    await sigterm.wait()
    Handler.closing = True
    await asyncio.sleep(2)  # kept connections end with their next answer
    server.stop()
    while Handler.under_way:
        await asyncio.sleep(0.1)


asyncio.run(main())
