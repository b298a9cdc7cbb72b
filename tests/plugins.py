"""The arguments by which a pytest that a test starts leaves out the plugins of other packages.

These take longer to import than most of the tests that run in such a pytest.
"""

from typing import Final

WITHOUT_OTHERS: Final = tuple(f"-pno:{name}" for name in ("anyio", "schemathesis", "xdist", "zarr"))
