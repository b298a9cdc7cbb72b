"""``python -m holdall`` is ``holdall``."""

from holdall.cli import main

main()
