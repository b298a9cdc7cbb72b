"""The HTTP service over any store: `app` is a WSGI callable, and `holdall serve` runs it.

    /v1/{store}/docs               GET lists the keys; POST creates a key
    /v1/{store}/docs/{folder}/     the same, for the keys under ``folder/``
    /v1/{store}/docs/{key}         GET, HEAD, PUT, PATCH, DELETE one value
    /v1/{store}/history/{key}      GET lists the revisions of a key
    /v1/{store}:revert             POST writes an earlier value again
    /v1/{store}:diff               GET compares two revisions of a document
    /v1/{store}/views              GET lists the views of the store
    /v1/{store}/views/{name}       GET reads the rows of a view; POST to {name}:refresh brings it up to date
    /v1/{store}/leases/{name}      POST takes a lease, PUT renews it, DELETE releases it
    /v1/openapi.json               GET describes the service (OpenAPI 3.1)
    /v1/{store}/changes            GET tells what changed since a position, and waits for a change
    /v1/{store}:info               GET describes the store
    /v1/{store}:batch              POST reads, writes and deletes several keys
    /v1/{store}:transact           POST changes several keys, all or nothing
    /healthz, /readyz              GET tells whether the service runs, and whether each store answers
    /metrics                       GET answers with numbers for Prometheus
    /, /{store}/…, /-/…            GET shows the stores in a browser, see `holdall.server.pages`

`holdall.server.app` builds the service of these parts. Each resource is a module, and so is each idea that
several resources share: representations, ETags, bodies, problems, the guard.
"""

from holdall.server.access import Scope
from holdall.server.application import app
from holdall.server.limits import Limits
from holdall.server.tokens import Tokens

__all__ = ["Limits", "Scope", "Tokens", "app"]
