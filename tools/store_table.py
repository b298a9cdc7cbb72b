"""Write the table of docs/reference/stores.md, the features and results of each store, from runs of the tests.

make test ARGS='--junitxml=local.xml tests/conformance/test_conformance.py tests/adapters'
HOLDALL_SOAK=1 make test ARGS='--junitxml=dbm.xml --dist=load tests/conformance/test_dbm.py'
make test-servers ARGS=--junitxml=servers.xml
.venv/bin/python -m tools.store_table local.xml dbm.xml servers.xml
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from holdall import Feature

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "stores.md"
PROMISES = [feature for feature in Feature if feature is not Feature.HISTORY]  # layers add HISTORY
SYNCED = "synced to the disk, or `durability=os`"
BUCKET = "the bucket's"
SERVER = "the server's"

# Label on the page, end of the test class's name, text in the brackets of its tests' names, durability.
STORES = [
    ("`memory://`", "test_conformance.TestStores", "memory", "none"),
    ("`file://?feed=on`", "test_conformance.TestStores", "file", SYNCED),
    ("`sqlite://`", "test_conformance.TestStores", "sqlite", SYNCED),
    ("`dbm://?flavor=dumb`", "test_dbm.TestDBM", "dumb", SYNCED),
    ("`dbm://?flavor=ndbm`", "test_dbm.TestDBM", "ndbm", SYNCED),
    ("`dbm://?flavor=gnu`", "test_dbm.TestDBM", "gnu", SYNCED),
    ("`dbm://?flavor=bsd`", "test_dbm.TestDBM", "bsd", SYNCED),
    ("`lmdb://`", "test_conformance.TestStores", "lmdb", SYNCED),
    ("`redis://`", "servers.test_conformance.TestServers", "redis_server", SERVER),
    ("`postgresql://`", "servers.test_conformance.TestServers", "postgresql", SERVER),
    ("`mysql://`", "servers.test_conformance.TestServers", "mysql", SERVER),
    ("`dynamodb://` (moto)", "servers.test_conformance.TestServers", "dynamodb", SERVER),
    ("`s3://` (SeaweedFS)", "s3.test_conformance.TestS3", "seaweed", BUCKET),
    ("`gs://` (fake-gcs-server)", "gcs.test_conformance.TestGCS", "", BUCKET),
    ("`http://` (of `memory://`)", "http.test_conformance.TestHTTP", "", "the served store's"),
    ("`slatedb+file://`", "test_slatedb.TestSlateDB", "", "with the operating system"),
    ("`slatedb+s3://` (SeaweedFS)", "test_slatedb.TestSlateDBInBuckets", "seaweed", BUCKET),
    ("`fsspec+file://`", "fsspec.test_conformance.TestFsspec", "file", "with the operating system"),
    ("`fsspec+sftp://`", "fsspec.test_servers.TestServers", "sftp_server", SERVER),
    ("`fsspec+ftp://`", "fsspec.test_servers.TestServers", "ftp_server", SERVER),
    ("`fsspec+az://` (azurite)", "fsspec.test_servers.TestServers", "azurite", "the container's"),
    ("`shove+file://`", "shove.test_conformance.TestShove", "file", "with the operating system"),
]


@dataclass
class Run:
    """The results of one store in the suite."""

    features: set[str] = field(default_factory=set)
    outcomes: Counter[str] = field(default_factory=Counter)


def main(reports: list[Path]) -> None:
    """Put the table between the marks of the page. Raises KeyError if a store was not in the runs."""
    found = runs(reports)
    head = ["store", *(str(feature.name) for feature in PROMISES), "durability", "suite"]
    rows = [row(label, durability, found[kind, name]) for label, kind, name, durability in STORES]
    lines = [head, ["---"] * len(head), *rows]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    before, mark, rest = PAGE.read_text().partition("<!-- stores -->\n")
    _, end, after = rest.partition("<!-- end -->")
    PAGE.write_text(f"{before}{mark}{table}\n{end}{after}")


def row(label: str, durability: str, run: Run) -> list[str]:
    """The cells of one store."""
    held = ["●" if feature.name in run.features else "" for feature in PROMISES]
    counts = ", ".join(f"{count} {outcome}" for outcome, count in sorted(run.outcomes.items(), reverse=True))
    return [label, *held, durability, counts]


def runs(reports: list[Path]) -> dict[tuple[str, str], Run]:
    """The results of each store of STORES, by class and brackets."""
    cases = {
        (case.get("classname", ""), case.get("name", "")): case
        for report in reports
        for case in ElementTree.parse(report).iter("testcase")  # noqa: S314 - pytest has just written this file
    }  # if a test is in several reports, its last outcome
    found: dict[tuple[str, str], Run] = {}
    for (where, name), case in cases.items():
        for _, kind, brackets, _ in STORES:
            if where.endswith(f".{kind}") and matches(name, brackets):
                tell(found.setdefault((kind, brackets), Run()), case)
    return found


def matches(name: str, brackets: str) -> bool:
    """Whether the name of a test belongs to the store. Some classes test only one store."""
    return not brackets or name.endswith(f"[{brackets}]")


def tell(run: Run, case: ElementTree.Element) -> None:
    """Count ``case``. An expected failure counts as ``declared``, and so does a skip."""
    bad = case.find("failure") is not None or case.find("error") is not None
    run.outcomes["failed" if bad else "declared" if case.find("skipped") is not None else "passed"] += 1
    for told in case.iter("property"):
        if told.get("name") == "features":
            run.features = set(str(told.get("value")).split())


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]])
