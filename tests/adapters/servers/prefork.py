"""A process that uses a store, pickled in hexadecimal as the first argument, and then forks as Python and as C do."""

import os
import pickle
import random
import sys
import traceback
from collections.abc import Callable

from holdall import Feature, Store
from tests.forks import fork_in_c

VALUES = {f"k{number}": b"value %d" % number for number in range(20)}


def use(store: Store[bytes], reads: int = 40) -> None:
    """Read and count, and find every value under its own key."""
    chance = random.Random(os.getpid())
    for _ in range(reads):
        key = chance.choice(list(VALUES))
        assert store[key] == VALUES[key]
    assert dict(store.get_many(VALUES)) == VALUES
    assert dict(store.scan_items("k")) == VALUES
    if Feature.SWAP in store.features:
        for _ in range(5):
            store.modify("count", lambda count: b"%d" % (int(count) + 1))


def child(store: Store[bytes], fork: Callable[[], int]) -> int:
    """The pid of a new child that uses ``store``."""
    pid = fork()
    if not pid:
        code = 1
        try:
            use(store)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    return pid


def main(store: Store[bytes]) -> None:
    store.update({**VALUES, "count": b"0"})
    use(store, 5)
    for fork in os.fork, fork_in_c:
        children = [child(store, fork) for _ in range(3)]
        use(store)
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in children]
        assert codes == [0, 0, 0], fork
    use(store, 5)
    assert Feature.SWAP not in store.features or store["count"] == b"50"


if __name__ == "__main__":
    main(pickle.loads(bytes.fromhex(sys.argv[1])))
