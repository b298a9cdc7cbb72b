"""What every test folder shares: hypothesis profiles, the published invoices, and no quiet skips.

With HOLDALL_REQUIRE_ALL=1 in the environment, as in continuous integration, hypothesis draws the same
examples in each run, and a skip is a failure: what the test needs should have been there. A skip whose
reason is one of EXCUSED stays a skip.
"""

import gc
import os
import signal
from collections.abc import Generator
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings

import holdall._formencode  # noqa: F401  tests import FormEncode too, and this import does not warn
from tests.servers.marks import mark_servers, needs_servers
from tests.soak import SOAK

NO_INVOICES = "the published UBL invoices are not beside this checkout (../shared/invoices)"
NO_DBM_SQLITE3 = "dbm.sqlite3 came with Python 3.13"
EXCUSED = {NO_INVOICES, NO_DBM_SQLITE3}

REQUIRE_ALL = os.environ.get("HOLDALL_REQUIRE_ALL") == "1"

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

SIZE = 50 if SOAK else 30  # of a property test: examples, and steps of a state machine
settings.register_profile(
    "dev",
    deadline=None,
    max_examples=SIZE,
    stateful_step_count=SIZE,
    suppress_health_check=[HealthCheck.too_slow],  # it measures time, and other programs may run
)
# A failure in continuous integration must be the change's own and must come back when run again.
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True, print_blob=True)
settings.load_profile("ci" if REQUIRE_ALL else "dev")


@pytest.fixture(scope="session")
def shared_invoices() -> Path:
    """The folder of published UBL invoices and credit notes, in subfolders by source."""
    folder = Path(__file__).parents[2] / "shared" / "invoices"
    if not folder.is_dir():
        pytest.skip(NO_INVOICES)
    return folder


def pytest_configure() -> None:
    """Ctrl-C reaches the tests and what they start, also if a shell started them in the background, deaf to it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of which this run would deselect every test."""
    return True if config.option.markexpr == "not servers" and needs_servers(collection_path) else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    mark_servers(items)


def pytest_collection_finish() -> None:
    """What is here by now stays to the end; the garbage collector, which many tests call, need not look at it."""
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """What a store promises goes into the report of its run, for tools/store_table.py."""
    yield
    if item.name.startswith("test_features_are_constant_and_consistent"):
        features = item.funcargs["store"].features
        item.user_properties.append(("features", " ".join(str(feature.name) for feature in features)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure is reported as a skip too, and is none.
    return report if hasattr(report, "wasxfail") else refused(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return refused((yield))


def refused(report: Report) -> Report:
    """The report, as a failure where it is a skip that this run does not excuse."""
    if REQUIRE_ALL and report.skipped:
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason not in EXCUSED:
            report.outcome = "failed"
            report.longrepr = f"Skipped where everything is required: {reason}"
    return report
