import asyncio
import os
import time

LOG = os.open("/tmp/access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
TAKES = {"/healthz": 0, "/half": 0.5, "/slow": float(os.environ.get("SLOW", 3))}


async def app(scope, receive, send):
    assert scope["type"] == "http"
    trace = dict(scope["headers"]).get(b"traceparent", b"-")
    os.write(LOG, b"%.6f %d %s\n" % (time.time(), scope["client"][1], trace))
    await asyncio.sleep(TAKES.get(scope["path"], 0.02))
    headers = [(b"content-length", b"3"), (b"x-pod-name", os.environ["HOSTNAME"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"ok\n"})
