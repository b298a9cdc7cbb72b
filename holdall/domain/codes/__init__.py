"""Files the lines of invoices under the seller's accounting codes, by a mapping of rules.

The accounting codes in a received document (BT-19, BT-133) are references that the buyer asked for. The seller
has codes of its own. A mapping finds them by the facts of a line:

    default = "8400"                                                # a line that no rule matches

    [[rules]]
    kind = "tax"
    tax_rate = 19
    code = "1776"

    [[rules]]
    item = ["RENT-*", "LEASE-*"]                                    # any of these
    customer = "NO222"                                              # and of this customer
    codes = {4400 = "60%", 4410 = "40%"}                            # the percentages sum to 100

The first rule that matches a line gives its code, or divides its amount by percentages, exact to the cent. See
`rules.FACTS` for the facts. A pattern may have ``*`` and ``?``, and ignores upper and lower case.
"""

from holdall.domain.codes.declared import codes_of, read_codes, read_table
from holdall.domain.codes.rules import Codes, Rule

__all__ = ["Codes", "Rule", "codes_of", "read_codes", "read_table"]
