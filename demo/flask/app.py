"""A Flask service whose work takes five seconds and that leaves only when it is done."""

import logging
import os
import queue
import signal
import threading
import time

from flask import Flask
from werkzeug.serving import ThreadedWSGIServer

PORT = 8080
WORK_SECONDS = 5

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
log = logging.getLogger("demo")

app = Flask(__name__)

signals = queue.SimpleQueue()
shutting_down = False


@app.get("/")
def work():
    time.sleep(WORK_SECONDS)
    return "done\n"


@app.get("/healthz")
def healthz():
    return "ok\n"


@app.get("/readyz")
def readyz():
    if shutting_down:
        return "shutting down\n", 503
    return "ok\n"


class Server(ThreadedWSGIServer):
    """Counts a request from when it is accepted until its answer is with the kernel.

    Flask's own hooks see less: they run after the request was read and before
    the answer is written, so leaving by their count would cut the last answers.
    """

    def __init__(self, *args):
        super().__init__(*args)
        self._active = 0
        self._changed = threading.Condition()

    def process_request(self, request, client_address):
        with self._changed:
            self._active += 1
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        super().shutdown_request(request)
        with self._changed:
            self._active -= 1
            self._changed.notify_all()

    def active(self):
        with self._changed:
            return self._active

    def wait_until_idle(self):
        with self._changed:
            self._changed.wait_for(lambda: self._active == 0)


def on_sigterm(signum, frame):
    """Only notes the signal.

    Python runs this in the main thread, the one that accepts connections, between
    any two of its steps. Waiting here would stop the service from accepting; taking
    a lock could wait for ever, for one that the interrupted step holds.
    """
    global shutting_down
    shutting_down = True
    signals.put(signum)


def leave_when_told(server):
    signals.get()
    log.info("SIGTERM received, active requests: %d", server.active())
    server.wait_until_idle()
    log.info("no active requests, leaving")
    # sys.exit would end this thread only.
    os._exit(0)


def main():
    server = Server("0.0.0.0", PORT, app)
    threading.Thread(target=leave_when_told, args=(server,), daemon=True).start()
    # Without a handler the kernel would not deliver SIGTERM to PID 1 at all.
    signal.signal(signal.SIGTERM, on_sigterm)
    log.info("listening on port %d", PORT)
    server.serve_forever()


if __name__ == "__main__":
    main()
