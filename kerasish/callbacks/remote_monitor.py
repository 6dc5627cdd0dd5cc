"""`keras.callbacks.RemoteMonitor`: the metrics of each epoch sent to a web server."""

from __future__ import annotations

import importlib
import json
import warnings
from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from kerasish.callbacks.base import Callback, Logs
from kerasish.errors import explain


class RemoteMonitor(Callback):
    """Sends the number and the metrics of each epoch to a server, as JSON.

    A server that cannot be reached gives a warning, and training goes on.

    Args:
        root: URL of the server.
        path: Path of the request.
        field: Name of the form's field that holds the JSON.
        headers: Headers of the request.
        send_as_json: Whether the JSON itself is sent (`application/json`) instead of a
            form with one field.

    Raises:
        ValueError: `root` is not the URL of a web server.

    Example:
        >>> monitor = RemoteMonitor("http://localhost:9000", send_as_json=True)
    """

    def __init__(
        self,
        root: str = "http://localhost:9000",
        path: str = "/publish/epoch/end/",
        field: str = "data",
        headers: Mapping[str, str] | None = None,
        send_as_json: bool = False,
    ) -> None:
        super().__init__()
        if urlsplit(root).scheme not in ("http", "https"):
            raise ValueError(
                explain(
                    "RemoteMonitor sends to web servers only.",
                    got=f"root={root!r}",
                    expected="a URL that begins with http:// or https://",
                )
            )
        self.root = root
        self.path = path
        self.field = field
        self.headers = headers
        self.send_as_json = send_as_json

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Send the epoch's number and metrics."""
        numbers = {name: float(value) for name, value in (logs or {}).items()}
        content = json.dumps({"epoch": epoch, **numbers})
        kind, body = "application/json", content.encode()
        if not self.send_as_json:
            kind = "application/x-www-form-urlencoded"
            body = urlencode({self.field: content}).encode()
        # Python's HTTP client takes long to import, and few trainings need it.
        post = importlib.import_module("kerasish.utils.post").post
        headers = {"Content-Type": kind, **(self.headers or {})}
        try:
            post(self.root + self.path, body, headers)
        except OSError:
            warnings.warn(
                f"Could not reach RemoteMonitor root server at {self.root}",
                stacklevel=2,
            )
