"""Downloads wait for a distant server most of the time, so that many at once take hardly longer than one.

The server is in this program too, and makes each request wait for 100 ms: no network is needed.
"""

import sys
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from threadwise import threading

FILES = 6


class DistantFile(BaseHTTPRequestHandler):
    def do_GET(self):
        time.sleep(0.1)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"the content of {self.path}".encode())

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), DistantFile)
serving = threading.Thread(target=server.serve_forever, name="server")
serving.start()
right = []


def download(number):
    path = f"/file-{number}"
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}{path}") as response:
        right.append(response.read().decode() == f"the content of {path}")


def one_after_another():
    for number in range(FILES):
        download(number)


def at_once():
    threads = [threading.Thread(target=download, args=(number,)) for number in range(FILES)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def seconds_of(work):
    begin = time.monotonic()
    work()
    return time.monotonic() - begin


print(f"{FILES} files one after another: {seconds_of(one_after_another):.2f} s")
print(f"{FILES} files at once: {seconds_of(at_once):.2f} s")
print(f"{sum(right)} of {2 * FILES} downloads are right")
server.shutdown()
serving.join()
server.server_close()
sys.exit(sum(right) != 2 * FILES)
