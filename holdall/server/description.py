"""The OpenAPI document at ``/v1/openapi.json``: every path of every store that the sender may read.

Each resource describes its own operations, by the words of `holdall.server.openapi`.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from holdall import __version__
from holdall.extras import needs
from holdall.server.access import Access
from holdall.server.openapi import (
    KEY,
    TEXT,
    TIME,
    Operations,
    Schema,
    an_object,
    answer,
    content,
    header,
    in_path,
    name_of_values,
    operation,
    read,
    whole,
)
from holdall.server.parameters import read_parameters
from holdall.server.stores import Served, Stores

with needs("server"):
    import falcon
    import msgspec

_PROBLEM: Final[Schema] = an_object(
    "errors",
    "key",
    "holder",
    "until",
    type=TEXT,
    title=TEXT,
    status=whole(400, 599),
    detail=TEXT,
    errors={"type": "object", "additionalProperties": TEXT},
    key=TEXT,
    holder=TEXT,
    until=TIME,
)
_PATHS: Final[dict[str, Schema]] = {
    "key": KEY,
    "folder": {name: part for name, part in KEY.items() if name in ("type", "minLength", "pattern")},
    "name": {
        "type": "string",
        "minLength": 1,
        "maxLength": 400,
        "pattern": r"^[^/\\\u0000-\u001f\u007f-\u009f]+$",
    },
}
_IDEMPOTENCY: Final = header(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 200},
    "A name for this write. If it is sent again under the same name, it is not carried out again.",
)
_parameters = re.compile(r"\{([a-z]+)\}").findall


def _open(operations: Operations) -> Operations:
    """Return ``operations`` as operations that need no token."""
    return {method: {**each, "security": []} for method, each in operations.items()}


class Description:
    """The resource of the OpenAPI document of the resources in ``described``, by their paths."""

    def __init__(self, stores: Stores, described: Mapping[str, Any], *, tokens: bool) -> None:
        self._stores = stores
        self._described = described
        self._tokens = tokens

    def on_get(self, req: falcon.Request, resp: falcon.Response) -> None:
        """Answer with the document."""
        read_parameters(req)
        resp.data = msgspec.json.encode(self._document(req.context.access, req.root_path or "/"))

    on_head = on_get

    def _document(self, access: Access, root: str) -> dict[str, Any]:
        paths: dict[str, Any] = dict(_OWN)
        schemas = {"Problem": _PROBLEM}
        for served in self._stores:
            if access.reaches(served.name):
                paths |= self._paths(served)
                schemas |= served.representation.schemas(name_of_values(served))
        document: dict[str, Any] = {
            "openapi": "3.1.0",
            "info": {"title": "holdall", "version": __version__},
            "servers": [{"url": root}],
            "paths": paths,
            "components": {
                "schemas": schemas,
                "responses": {
                    "Problem": answer(
                        "a problem (RFC 9457)",
                        content({"$ref": "#/components/schemas/Problem"}, "application/problem+json"),
                    )
                },
            },
        }
        if self._tokens:
            document["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            document["security"] = [{"token": []}]
        return document

    def _paths(self, served: Served) -> dict[str, Any]:
        return {
            path.replace("{store}", served.name): _path(path, served.name, operations)
            for path, resource in self._described.items()
            if (operations := resource.describe(served))
        }


def _path(path: str, store: str, operations: Operations) -> dict[str, Any]:
    named = [in_path(name, _PATHS[name]) for name in _parameters(path) if name != "store"]
    described: dict[str, Any] = {"parameters": named} if named else {}
    for method, each in operations.items():
        described[method] = {**each, "tags": [store]}
        if method not in ("get", "head"):
            described[method]["parameters"] = [*each["parameters"], _IDEMPOTENCY]
    return described


_probe: Final = content(an_object(status={"enum": ["ok", "unavailable"]}))
_OWN: Final[dict[str, Operations]] = {
    "/v1/openapi.json": read(
        operation("Describe the service", {200: answer("the OpenAPI document", content({"type": "object"}))})
    ),
    "/healthz": _open(read(operation("Tell whether the service runs", {200: answer("it runs", _probe)}))),
    "/readyz": _open(
        read(
            operation(
                "Tell whether every store answers",
                {200: answer("all answer", _probe), 503: answer("a store does not answer", _probe)},
            )
        )
    ),
    "/metrics": {
        "get": operation(
            "Tell the metrics, to an administrator",
            {200: answer("the metrics of Prometheus", content(TEXT, "text/plain"))},
        )
    },
}
