"""The keys of a store, or of a folder: GET lists them, DELETE deletes them, and POST creates a key.

The service names a key that it creates.
"""

from typing import Final
from urllib.parse import quote

from holdall.adapters._shared.etags import etag
from holdall.extras import needs
from holdall.server import erasing
from holdall.server.content import read_value
from holdall.server.limits import Limits
from holdall.server.listing import DESCRIBED, Listing
from holdall.server.negotiation import prefer
from holdall.server.openapi import (
    ANY,
    KEY,
    LINK,
    TEXT,
    Operations,
    an_object,
    answer,
    content,
    list_of,
    operation,
    read,
    values,
)
from holdall.server.parameters import read_parameters
from holdall.server.past import AS_OF, has_history
from holdall.server.slots import Slots
from holdall.server.stores import Served, Stores
from holdall.server.streams import cut
from holdall.server.uuid7 import uuid7
from holdall.store import ABSENT, Feature

with needs("server"):
    import falcon

NDJSON: Final = "application/x-ndjson"


class Collections:
    """The resource of a folder: of the keys that begin with ``folder``, which is empty or ends with a slash.

    At most as many streams as ``slots`` has run at the same time.
    """

    def __init__(self, stores: Stores, limits: Limits, slots: Slots) -> None:
        self._stores = stores
        self._max_body = limits.body
        self._seconds = limits.seconds
        self._slots = slots

    def on_get(self, req: falcon.Request, resp: falcon.Response, store: str, folder: str = "") -> None:
        """Answer with a page of the listing, or with all of it as NDJSON if the client prefers that."""
        served = self._stores.find(store, req)
        listing = Listing.of(req, served, folder)
        req.context.access.check(store, listing.prefix)
        if prefer(req, "application/json", NDJSON) == NDJSON:
            resp.content_type = NDJSON
            if req.method == "GET":
                resp.stream = cut(self._slots.hold(listing.lines()), req.context.check, self._seconds)
            return
        resp.data = listing.page(req)

    on_head = on_get

    def describe(self, served: Served) -> Operations:
        """Return the operations of this resource, as `holdall.server.openapi` says."""
        item = an_object("tag", "value", key=KEY, tag=TEXT, value=ANY)
        page = an_object("next", items=list_of(item), next=LINK)
        listed = operation(
            "List the keys",
            {200: answer("a page, or a stream", {**content(page), **content(TEXT, NDJSON)})},
            parameters=[*DESCRIBED, *([AS_OF] if has_history(served) else [])],
        )
        created = operation(
            "Write a value under a new key",
            {201: answer("its path is in Location", None, ["ETag", "Location"])},
            request={"required": True, "content": values(served)},
        )
        posted = {"post": created} if Feature.SWAP in served.store.features else {}
        return {**read(listed), **posted, "delete": erasing.DESCRIBED}

    def on_post(self, req: falcon.Request, resp: falcon.Response, store: str, folder: str = "") -> None:
        """Write the value under a new key, a UUID of version 7 in the folder: 201 and its Location."""
        read_parameters(req)
        req.context.access.check(store, folder, write=True)
        served = self._stores.find(store, req)
        key = f"{folder}{uuid7()}"
        value = read_value(req, served.at(key), self._max_body)
        resp.set_header("ETag", etag(served.store.swap(key, value, ABSENT)))
        resp.location = quote(f"{req.root_path}/v1/{store}/docs/{key}")
        resp.status = falcon.HTTP_CREATED

    def on_delete(self, req: falcon.Request, resp: falcon.Response, store: str, folder: str = "") -> None:
        """Delete the keys under the prefix that the request names, and tell whether some are left."""
        prefix, given = erasing.read_prefix(req)
        req.context.access.check(store, folder + prefix, write=True)
        served = self._stores.find(store, req)
        resp.data = erasing.erase(served.store, folder + prefix, given)
