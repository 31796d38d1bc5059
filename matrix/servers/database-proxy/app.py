import http.client
import os


def app(environ, start_response):
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
