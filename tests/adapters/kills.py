"""A writer that is killed at any moment, again and again, and what must be there after each kill."""

import random
import subprocess
import sys

import holdall
from tests.soak import SOAK

KILLS = 200 if SOAK else 10

_WRITER = """
import sys
import holdall
from holdall import Put

store = holdall.open(sys.argv[1])
number = int(sys.argv[2])
while True:
    number += 1
    value = b"%d" % number * 500
    store[f"one/{number:09}"] = value
    store.transact([Put("left", value), Put("right", value)])
    store.update((f"many/{number % 7}/{i}", value) for i in range(20))
    store.discard(f"many/{(number + 3) % 7}/0")
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


def check_kills(address: str, kills: int) -> None:
    """What returned before a kill is there, and nothing is there by halves."""
    chance = random.Random(kills)
    done = 0
    for _ in range(kills):
        before, done = done, killed(address, done, chance.randint(1, 6))
        with holdall.open(address) as store:
            ones = dict(store.scan_items("one/"))
            assert {f"one/{number:09}" for number in range(before + 1, done + 1)} <= ones.keys()
            assert all(value == b"%d" % int(key[4:]) * 500 for key, value in ones.items())
            assert store["left"] == store["right"]
            many = dict(store.scan_items(f"many/{done % 7}/"))
            assert len({*many.values()}) == 1
            done = max(done, int(max(ones)[4:]))
            store.delete_many(sorted(ones))  # a long run is then no slow one
