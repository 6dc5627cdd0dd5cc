"""Sending bytes to a web server; loaded when first used, as `download` is."""

from __future__ import annotations

import http.client
import urllib.request
from collections.abc import Mapping

_TIMEOUT = 30  # seconds without an answer


def post(url: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send a POST request, and wait for the answer, whatever it is.

    Args:
        url: URL, http or https.
        body: What is sent.
        headers: Of the request.

    Raises:
        OSError: The server cannot be reached.
    """
    request = urllib.request.Request(url, body, dict(headers), method="POST")
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT):
            pass
    except urllib.request.HTTPError:
        return  # it was reached, and did not like what it got
    except http.client.HTTPException as error:
        raise OSError(str(error)) from error
