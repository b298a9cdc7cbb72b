"""Makes ``python -m holdall`` run the command line ``holdall``."""

from holdall.cli import main

main()
