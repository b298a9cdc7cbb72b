"""How durable a write to a disk is: the parameter ``durability`` of the stores in files."""

from typing import Literal, get_args

from holdall.errors import InvalidAddress

Durability = Literal["full", "os"]
"""``full``: a write is on the disk when it returns. ``os``: the operating system writes it to the disk later."""

DURABILITIES: tuple[Durability, ...] = get_args(Durability)


def check_durability(scheme: str, durability: str) -> None:
    """Raise InvalidAddress if ``durability`` is not one of DURABILITIES."""
    if durability not in DURABILITIES:
        raise InvalidAddress(f"{scheme}: durability={durability!r} is not one of {', '.join(DURABILITIES)}")
