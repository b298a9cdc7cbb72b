"""A call that must raise, as a call."""

from collections.abc import Callable
from typing import Any

import pytest


def refused(error: type[Exception], call: Callable[[], Any]) -> Callable[[], None]:
    """``call``, which raises ``error``, as one that raises nothing."""

    def refusing() -> None:
        with pytest.raises(error):
            call()

    return refusing
