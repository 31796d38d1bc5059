import os
import time

LOG = os.open("/tmp/access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
TAKES = {"/healthz": 0, "/half": 0.5, "/slow": float(os.environ.get("SLOW", 3))}


def app(environ, start_response):
    line = "%.6f %s %s\n" % (time.time(), environ["REMOTE_PORT"], environ.get("HTTP_TRACEPARENT", "-"))
    os.write(LOG, line.encode())
    time.sleep(TAKES.get(environ["PATH_INFO"], 0.02))
    names = [] if os.environ.get("NAMELESS") else [("X-Pod-Name", os.environ["HOSTNAME"])]
    start_response("200 OK", [("Content-Length", "3"), *names])
    return [b"ok\n"]
