"""Choose the flavor with which a file is opened."""

from holdall.adapters.dbm.errors import translated
from holdall.adapters.dbm.flavors import FLAVORS
from holdall.adapters.dbm.lock import MAKING, WRITING, Lock
from holdall.adapters.dbm.recognition import expect, recognised
from holdall.errors import HoldallError, StoreNotFound
from holdall.handles import delays_fork


def chosen(path: str, flavor: str | None, timeout: float) -> str:
    """Return ``flavor``, or the flavor of the file at ``path`` if ``flavor`` is None.

    Raises Mismatch if a file of another flavor is at ``path``, StoreNotFound if ``flavor`` is None and no
    file is there, and MissingExtra if the library that opens the file is not installed.
    """
    found = _standing(path, timeout)
    if not (found or flavor):
        raise StoreNotFound(f"there is no dbm file {path}; to make one, add ?flavor={'|'.join(FLAVORS)}")
    name = flavor or found[0]
    expect(name, found, path)
    FLAVORS[name].load()
    return name


@delays_fork
def _standing(path: str, timeout: float) -> list[str]:
    """Return the flavors of the files at ``path``. The lock keeps writers out in the meantime."""
    lock = Lock(path + ".lock")
    try:
        if not lock.exists():
            return recognised(path)
        return lock.hold(lambda: _whole(path, lock.state().stage), timeout, shared=True)
    except HoldallError:
        raise
    except OSError as error:
        raise translated(error, path) from error
    finally:
        lock.close()


def _whole(path: str, stage: str) -> list[str]:
    twin = recognised(path + ".twin") if stage in (MAKING, WRITING) else []
    # If a process was killed in the middle of `Pair.put_back`, the twin is gone and the file is whole.
    return twin or ([] if stage == MAKING else recognised(path))
