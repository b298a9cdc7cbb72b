"""``python -m holdall.cli`` is ``holdall``."""

from holdall.cli import main

main()
