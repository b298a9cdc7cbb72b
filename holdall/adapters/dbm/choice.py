"""Which flavor a file is to be opened with."""

from holdall.adapters.dbm.errors import translated
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.lock import MAKING, WRITING, Lock
from holdall.adapters.dbm.recognition import expect, recognised
from holdall.errors import HoldallError, StoreNotFound


def chosen(path: str, flavor: str | None) -> str:
    """``flavor``, or that of the file at ``path``.

    Mismatch where a file of another stands there, MissingExtra where what opens it is not installed.
    """
    found = _standing(path)
    if not (found or flavor):
        raise StoreNotFound(f"there is no dbm file {path}; to make one, add ?flavor={'|'.join(FLAVORS)}")
    name = flavor or found[0]
    expect(name, found, path)
    FLAVORS[name].load()
    return name


def _standing(path: str) -> list[str]:
    """The flavors of which there are files at ``path``, looked at while nobody writes them."""
    lock = Lock(path + ".lock")
    try:
        if not lock.exists():
            return recognised(path)
        lock.take(exclusive=False)
        torn = lock.state().stage in (MAKING, WRITING)
        return recognised(path + ".twin" if torn else path)
    except HoldallError:
        raise
    except OSError as error:
        raise translated(error, path) from error
    finally:
        lock.close()
