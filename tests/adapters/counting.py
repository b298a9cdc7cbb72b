"""How a process counts in a store. It imports no pytest, so that a process that is spawned starts quickly."""

from multiprocessing.synchronize import Event

from holdall import File, SQLite, Store


def add(store: Store[bytes], times: int) -> None:
    for _ in range(times):
        store.modify("counter", lambda value: b"%d" % (int(value) + 1), b"0")


def count_in_file(root: str, times: int) -> None:
    with File(root, durability="os") as store:
        add(store, times)


def count_in_sqlite(path: str, times: int, go: Event) -> None:
    with SQLite(path, timeout=60) as store:
        go.wait(60)
        add(store, times)
