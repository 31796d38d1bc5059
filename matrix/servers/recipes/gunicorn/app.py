import os
import time

TAKES = {"/healthz": 0, "/slow": 6}


def app(environ, start_response):
    time.sleep(TAKES.get(environ["PATH_INFO"], 0.02))
    start_response("200 OK", [("Content-Length", "3"), ("X-Pod-Name", os.environ["HOSTNAME"])])
    return [b"ok\n"]
