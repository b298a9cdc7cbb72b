"""Two to four writers, held up at every call of the store and killed there: history stays one line."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.middleware.versions.interleaved.programs import READS, WRITES
from tests.middleware.versions.interleaved.scheduler import Fate
from tests.middleware.versions.interleaved.trial import STARTS, Plan, Tally, trial
from tests.middleware.versions.weaker import KINDS

_fates = st.sampled_from([Fate.RUN] * 12 + [Fate.KILL, Fate.LOSE])
_scripts = st.lists(
    st.lists(st.sampled_from(WRITES * 2 + READS), min_size=1, max_size=3), min_size=2, max_size=4
)
_choices = st.lists(st.tuples(st.integers(0, 3), _fates), max_size=60)


@pytest.mark.parametrize("lacks", KINDS)
@given(start=st.sampled_from(STARTS), scripts=_scripts, choices=_choices)
def test_any_schedule_is_one_line_of_history(lacks, start, scripts, choices):
    trial(Plan(lacks, start, scripts, choices), TALLY)


TALLY = Tally()


def test_tally():
    print(TALLY)
