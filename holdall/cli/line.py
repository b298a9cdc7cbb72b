"""Text from outside, fit to be shown on a line of a terminal."""

import re

_control = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def one_line(text: str) -> str:
    r"""``text`` with a space for each run of control characters: they could hide or fake output.

    >>> one_line("paid\r\nin full\x1b[8m")
    'paid in full [8m'
    """
    return _control.sub(" ", text).strip()
