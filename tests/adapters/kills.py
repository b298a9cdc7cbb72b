"""A writer that is killed at any moment, again and again, and what must be there after each kill."""

import random
import subprocess
import sys
from collections.abc import Callable

import holdall
from holdall import Feature, Store
from tests.soak import SOAK

KILLS = 200 if SOAK else 4

_WRITER = """
import sys
import holdall
from holdall import Feature, Put

store = holdall.open(sys.argv[1])
number = int(sys.argv[2])
while True:
    number += 1
    value = b"%d " % number * 500
    store[f"one/{number:09}"] = value
    store[f"folder {number % 7}/key"] = b"%d " % number * (1 + number % 5000)
    if Feature.ATOMIC in store.features:
        store.transact([Put("left", value), Put("right", value)])
        store.update((f"many/{number % 7}/{i}", value) for i in range(20))
        store.discard(f"many/{(number + 3) % 7}/0")
    store.discard(f"folder {(number + 3) % 7}/key")
    print(number, flush=True)
"""


def killed(address: str, before: int, rounds: int) -> int:
    """Start a writer, kill it after about so many rounds; the last that it acknowledged."""
    command = [sys.executable, "-c", _WRITER, address, str(before)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout
        for _ in range(rounds):
            before = int(writer.stdout.readline())
        writer.kill()  # while it is at work on the next rounds, wherever it has come to
        return max([before, *(int(line) for line in writer.stdout if line.endswith(b"\n"))])


def check_kills(address: str, kills: int = KILLS) -> None:
    """What returned before a kill is there, and nothing is there by halves."""
    chance = random.Random(kills)
    done = 0
    for _ in range(kills):
        before, done = done, killed(address, done, chance.randint(1, 6))
        with holdall.open(address) as store:
            ones = numbers(store, "one/", lambda number: 500)
            assert {f"one/{number:09}" for number in range(before + 1, done + 1)} <= ones.keys()
            assert all(number == int(key[4:]) for key, number in ones.items())
            folders = numbers(store, "folder ", lambda number: 1 + number % 5000)
            assert folders[f"folder {done % 7}/key"] >= done
            if Feature.ATOMIC in store.features:
                assert store["left"] == store["right"]
                assert len({*numbers(store, f"many/{done % 7}/", lambda number: 500).values()}) == 1
            done = max(done, int(max(ones)[4:]))
            store.delete_many(sorted(ones))  # a long run is then no slow one


def numbers(store: Store[bytes], prefix: str, times: Callable[[int], int]) -> dict[str, int]:
    """The number that each value repeats, as many ``times`` as it should."""
    found = {key: value.split() for key, value in store.scan_items(prefix)}
    for words in found.values():
        assert words == words[:1] * times(int(words[0]))
    return {key: int(words[0]) for key, words in found.items()}
