"""Makes invoices from small documents: a dict, or JSON.

    {"number": "7", "customer": "Ada", "lines": [
        {"description": "Rent", "amount": "100.00", "codes": {"4400": "60.00", "4410": "40.00"}}]}

`draft` lists the fields and their defaults. A complete document, as the books keep it, is valid too, so that an
export can be imported again.
"""

from holdall.domain.create.documents import documents_in
from holdall.domain.create.making import from_document, from_json

__all__ = ["documents_in", "from_document", "from_json"]
