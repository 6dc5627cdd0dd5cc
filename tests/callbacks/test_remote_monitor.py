"""Metrics are sent to a server in this process; nothing outside 127.0.0.1 is asked."""

import http.server
import json
import threading
from urllib.parse import parse_qs

import numpy as np
import pytest

from kerasish.callbacks import RemoteMonitor


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.seen.append((self.path, self.headers, body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.seen, server.status = [], 200
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_form_by_default(server):
    RemoteMonitor(server.url).on_epoch_end(3, {"loss": np.float32(0.5)})
    ((path, headers, body),) = server.seen
    assert path == "/publish/epoch/end/"
    assert headers["Content-Type"] == "application/x-www-form-urlencoded"
    (content,) = parse_qs(body)["data"]
    assert json.loads(content) == {"epoch": 3, "loss": 0.5}


def test_json_and_headers(server):
    monitor = RemoteMonitor(server.url, "/p", headers={"X-Key": "a"}, send_as_json=True)
    monitor.on_epoch_end(0, {"loss": 1.0})
    ((path, headers, body),) = server.seen
    assert (path, headers["X-Key"]) == ("/p", "a")
    assert headers["Content-Type"] == "application/json"
    assert json.loads(body) == {"epoch": 0, "loss": 1.0}


def test_an_answer_is_not_looked_at(server):
    server.status = 500
    RemoteMonitor(server.url).on_epoch_end(0)
    assert len(server.seen) == 1


def test_no_server():
    with pytest.warns(UserWarning, match=r"Could not reach .* http://127\.0\.0\.1:1"):
        RemoteMonitor("http://127.0.0.1:1").on_epoch_end(0, {"loss": 1.0})


@pytest.mark.parametrize("root", ["file:///etc/passwd", "localhost:9000", "ftp://a"])
def test_web_servers_only(root):
    with pytest.raises(ValueError, match="web servers only") as error:
        RemoteMonitor(root)
    assert f"got:      root={root!r}" in str(error.value)
