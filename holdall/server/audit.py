"""The audit log: one line of JSON for each request that may write, in the log ``holdall.server.audit``."""

import json
import logging
from datetime import UTC, datetime

from holdall.extras import needs
from holdall.server.access import Access

with needs("server"):
    import falcon

log = logging.getLogger("holdall.server.audit")


def audit(req: falcon.Request, resp: falcon.Response) -> None:
    """Log who sent ``req``, from where, and the status of its answer. Bodies and tokens are not logged."""
    access: Access | None = req.context.get("access")
    line = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "token": access.name if access else "",
        "from": req.env.get("REMOTE_ADDR", ""),
        "method": req.method,
        "path": req.path,
        "status": falcon.http_status_to_code(resp.status),
    }
    log.info("%s", json.dumps(line))
