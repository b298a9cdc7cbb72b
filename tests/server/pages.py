"""A browser without JavaScript and without a socket: it asks the WSGI application, and keeps its cookies."""

import re
from copy import copy
from html.parser import HTMLParser
from urllib.parse import urlencode

from falcon import testing

from holdall.server import app

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Host": "localhost"}
LOCAL = {"REMOTE_ADDR": "127.0.0.1", "SERVER_PROTOCOL": "HTTP/1.1"}


class Page:
    """The answer to a request, and its HTML: ``tags`` are pairs of a name and its attributes."""

    def __init__(self, answer):
        self.status = answer.status_code
        self.headers = answer.headers
        self.html = answer.text if "html" in (answer.headers.get("content-type") or "") else ""
        self.data = answer.content
        reader = _Reader()
        reader.feed(self.html)
        self.tags = reader.tags
        self.text = re.sub(r"\s+", " ", reader.text)

    def links(self):
        return [tag["href"] for name, tag in self.tags if name == "a"]

    def fields(self):
        """The fields of the forms that are sent by POST, as a browser would send them."""
        return {
            tag["name"]: tag.get("value", "on")
            for name, tag in self.tags
            if name == "input"
            and "name" in tag
            and (tag.get("type") not in ("radio", "checkbox") or "checked" in tag)
        }


class Browser:
    def __init__(self, stores, remote="127.0.0.1", protocol="http", root="", **options):
        self._client = testing.TestClient(app(stores, **options))
        self._protocol = protocol
        self._root = root
        self._extras = {**LOCAL, "REMOTE_ADDR": remote}
        self.cookies = {}

    def get(self, path, **headers):
        return self._send("GET", path, **headers)

    def copy(self):
        """Another window of the same browser."""
        other = copy(self)
        other.cookies = dict(self.cookies)
        return other

    def post(self, path, fields, **headers):
        sent = {
            "Content-Type": "application/x-www-form-urlencoded",
            "Origin": f"{self._protocol}://localhost",
            **headers,
        }
        return self._send("POST", path, body=urlencode(fields), **sent)

    def _send(self, method, path, body=None, **headers):
        path, _, query = path.partition("?")
        given = {**HTML, **{name.replace("_", "-"): value for name, value in headers.items()}}
        if self.cookies:
            given["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        given = {name: value for name, value in given.items() if value is not None}
        answer = self._client.simulate_request(
            method,
            path,
            query_string=query,
            body=body,
            headers=given,
            extras=self._extras,
            protocol=self._protocol,
            root_path=self._root,
        )
        for name, cookie in answer.cookies.items():
            self.cookies[name] = cookie.value
        return Page(answer)


_INLINE = ("a", "b", "bdi", "code", "pre", "span", "strong")


class _Reader(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = []
        self.text = ""

    def handle_starttag(self, tag, attributes):
        if tag not in _INLINE:
            self.text += " "
        self.tags.append((tag, {name: value or "" for name, value in attributes}))

    def handle_data(self, data):
        self.text += data
