"""The public names of the package, and that the model alone loads no validator."""

import subprocess
import sys
from datetime import date
from decimal import Decimal

import msgspec

import holdall.domain
from holdall.domain import Allocation, Payment


def test_every_public_name_is_there() -> None:
    assert dir(holdall.domain) == sorted(holdall.domain._lazy)
    assert all(getattr(holdall.domain, name).__name__ == name for name in holdall.domain.__all__)


def test_the_model_loads_no_formencode() -> None:
    script = "import sys; from holdall.domain import Invoice; print('formencode' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert result.stdout == b"False\n"


def test_a_payment_is_stored_without_the_fields_that_have_their_defaults() -> None:
    payment = Payment("a", date(2026, 2, 1), Decimal(40), (Allocation("4400", Decimal(40)),))
    assert set(msgspec.to_builtins(payment)) == {"id", "on", "amount", "allocations"}
