import http.client
import os
import time

LOG = os.open("/tmp/access.log", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)


def app(environ, start_response):
    line = "%.6f %s %s\n" % (time.time(), environ["REMOTE_PORT"], environ.get("HTTP_TRACEPARENT", "-"))
    os.write(LOG, line.encode())
    status = "200 OK"
    if environ["PATH_INFO"] != "/healthz":
        try:
            database = http.client.HTTPConnection("127.0.0.1", 5432, timeout=5)
            database.request("GET", "/")
            database.getresponse().read()
            database.close()
        except (OSError, http.client.HTTPException):
            status = "500 Internal Server Error"
    start_response(status, [("Content-Length", "3"), ("X-Pod-Name", os.environ["HOSTNAME"])])
    return [b"ok\n"]
