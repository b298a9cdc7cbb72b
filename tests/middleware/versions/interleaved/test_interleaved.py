"""Two to four writers, held up at every call of the store and killed there: history stays one line.

`python -m tests.middleware.versions.interleaved 600` tries for ten minutes and prints how much it tried.
"""

from itertools import islice
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdall.errors import Conflict
from holdall.middleware.versions.commit import Written
from holdall.middleware.versions.commit_swap import SwapCommit
from holdall.middleware.versions.head import Head
from holdall.middleware.versions.names import Name
from holdall.middleware.versions.resolve import Resolver
from holdall.middleware.versions.stamp import is_deletion
from holdall.store import ABSENT
from tests.middleware.versions.interleaved.plans import all_pairs, by_seed
from tests.middleware.versions.interleaved.programs import BYPASSES, READS, WRITES
from tests.middleware.versions.interleaved.scheduler import Fate
from tests.middleware.versions.interleaved.trial import STARTS, Plan, Tally, trial
from tests.middleware.versions.weaker import KINDS
from tests.soak import SOAK

_fates = st.sampled_from([Fate.RUN] * 12 + [Fate.KILL, Fate.LOSE])
_choices = st.lists(st.tuples(st.integers(0, 3), _fates), max_size=60)


def _scripts(kinds: tuple[str, ...]) -> st.SearchStrategy[list[list[str]]]:
    script = st.lists(st.sampled_from(kinds), min_size=1, max_size=3)
    return st.lists(script, min_size=2, max_size=4)


@pytest.mark.parametrize("lacks", KINDS)
@given(start=st.sampled_from(STARTS), scripts=_scripts(WRITES * 2 + READS), choices=_choices)
def test_any_schedule_is_one_line_of_history(lacks, start, scripts, choices):
    trial(Plan(lacks, start, scripts, choices), Tally())


@pytest.mark.parametrize("lacks", KINDS)
@given(start=st.sampled_from(STARTS), scripts=_scripts(WRITES + BYPASSES * 3), choices=_choices)
def test_writers_without_versions_are_found_and_lose_nothing(lacks, start, scripts, choices):
    trial(Plan(lacks, start, scripts, choices), Tally())


@pytest.mark.parametrize("lacks", KINDS)
def test_no_schedule_of_writers_loses_or_doubles_a_revision(lacks):
    for seed in range(25_000 if SOAK else 100):
        trial(by_seed(seed, lacks), Tally())


PAIRS = [("put", "put"), ("delete", "put"), ("put", "delete"), ("delete", "delete"), ("setdefault", "pop")]


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_a_writer_held_up_or_killed_at_every_call_of_another(pair, start):
    for plan in islice(all_pairs("ATOMIC-UNIQUE_TAGS", start, *pair), 0, None, 1 if SOAK else 13):
        trial(plan, Tally())


# ---- The trials can fail: each of these is a protocol with one thought left out --------------------


def _record_first(self, key, value):
    """Create as one overwrites. But a key may come and go meanwhile: to be missing is no state of its own."""
    last = self._resolver.resolve(Head(key)).last
    name, data = Name.of(key, last), self._stamper.stamp_next(key, last, value)
    if not self._records.create(name, data):
        self._store.swap(key, self._records.get(name), ABSENT)
        raise Conflict("taken", key=key)
    return Written(key, data, self._store.swap(key, data, ABSENT))


def _without_condition(self, head, data):
    if is_deletion(data):
        self._store.discard(head.key)
        return ABSENT
    return self._store.swap(head.key, data, head.tag)


WRONG = {
    "a lost head is a lost write": (SwapCommit, "_is_in_history", lambda self, name: False),
    "nobody helps": (SwapCommit, "complete", lambda self, head, claim: None),
    "nobody looks whether the head is still there": (Resolver, "_is_unchanged", lambda self, *what: True),
    "a creation is claimed too": (SwapCommit, "_create", _record_first),
    "a deletion needs no condition": (SwapCommit, "_advance", _without_condition),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_protocol_with_one_thought_left_out_is_caught(wrong):
    with mock.patch.object(*WRONG[wrong]), pytest.raises((AssertionError, Conflict)):
        _try(3000)


def _try(seeds):
    for seed in range(seeds):
        trial(by_seed(seed, "ATOMIC-UNIQUE_TAGS"), Tally())
