"""The names that the package gives, and that asking for the model alone loads no validator."""

import subprocess
import sys

import holdall.domain


def test_every_public_name_is_there() -> None:
    assert dir(holdall.domain) == sorted(holdall.domain._lazy)
    assert all(getattr(holdall.domain, name).__name__ == name for name in holdall.domain.__all__)


def test_the_model_loads_no_formencode() -> None:
    script = "import sys; from holdall.domain import Invoice; print('formencode' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert result.stdout == b"False\n"
