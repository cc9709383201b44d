"""A web server whose connections run on a pool: any library that lets you say where its work runs can use it."""

import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from threadwise import threading
from threadwise.concurrent.futures import ThreadPoolExecutor


class PooledServer(ThreadingHTTPServer):
    """The standard server, but that a connection goes to the pool instead of to a thread of its own."""

    pool = ThreadPoolExecutor(max_workers=4, thread_name_prefix="connection")

    def process_request(self, request, client_address):
        self.pool.submit(self.process_request_thread, request, client_address)


class Double(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(2 * int(self.path.removeprefix("/double/"))).encode())

    def log_message(self, *_):
        pass


server = PooledServer(("127.0.0.1", 0), Double)
serving = threading.Thread(target=server.serve_forever, name="server")
serving.start()


def ask(number):
    with urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}/double/{number}") as answer:
        return answer.read().decode()


with ThreadPoolExecutor(max_workers=4) as visitors:
    for answer in visitors.map(ask, range(1, 9)):
        print(answer)

server.shutdown()
serving.join()
server.server_close()
PooledServer.pool.shutdown()
