import asyncio
import os

TAKES = {"/healthz": 0, "/slow": 6}


async def app(scope, receive, send):
    assert scope["type"] == "http"
    await asyncio.sleep(TAKES.get(scope["path"], 0.02))
    headers = [(b"content-length", b"3"), (b"x-pod-name", os.environ["HOSTNAME"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok\n"})
