import asyncio
import os

from tornado.web import Application, RequestHandler

TAKES = {"/healthz": 0, "/half": 0.5, "/slow": 3}


class Handler(RequestHandler):
    async def get(self):
        await asyncio.sleep(TAKES.get(self.request.path, 0.02))
        self.set_header("X-Pod-Name", os.environ["HOSTNAME"])
        self.write("ok\n")

    post = get


async def main():
    Application([(".*", Handler)]).listen(8080)
    await asyncio.Event().wait()


asyncio.run(main())
