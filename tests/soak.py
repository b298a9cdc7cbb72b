"""How long the tests may take: `make soak` sets HOLDALL_SOAK=1, and some then try all that they know."""

import os

SOAK = os.environ.get("HOLDALL_SOAK") == "1"
