"""Names in the protocol between the HTTP service and its client, beyond those of HTTP."""

from typing import Final

SERVICE: Final = "Holdall"
"""The header of every answer of the service. An answer without it comes from a proxy or another program."""

REPLAYED: Final = "Idempotency-Replayed"
"""The header of an answer to a request that the service had carried out before."""

RAW: Final = ":raw"
"""The end of the name of a store that shows its reserved keys, and every value as the bytes that are stored."""

WAIT: Final = 60
"""The most seconds that a request may wait for a change."""
