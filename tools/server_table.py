"""Write the table of docs/reference/s3.md, the results of the suite on each server, from a run of the tests.

make test-servers ARGS=--junitxml=servers.xml && .venv/bin/python -m tools.server_table servers.xml
"""

import re
import sys
from collections import Counter, defaultdict
from pathlib import Path
from xml.etree import ElementTree

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "s3.md"
SERVERS = {
    "moto_server": "moto's server",
    "seaweed": "SeaweedFS",
    "localstack": "LocalStack",
    "rclone": "rclone",
    "fake_gcs": "fake-gcs-server (`gs://`)",
}
SUITES = re.compile(r"adapters\.(s3|gcs)\.test_conformance\.").search
OUTCOMES = ("passed", "declared", "failed")


def main(report: Path) -> None:
    """Put the table between the marks of the page."""
    text = PAGE.read_text()
    before, mark, rest = text.partition("<!-- servers -->\n")
    _, end, after = rest.partition("<!-- end -->")
    PAGE.write_text(f"{before}{mark}{table(report)}\n{end}{after}")


def table(report: Path) -> str:
    """A row for each server: the number of checks by outcome, and the seconds."""
    counts: Counter[tuple[str, str]] = Counter()
    seconds: defaultdict[str, float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 - pytest has just written this file
        if SUITES(case.get("classname", "")):
            server = server_of(case.get("name", ""))
            counts[server, outcome(case)] += 1
            seconds[server] += float(case.get("time", 0))
    rows = [
        [name, *(str(counts[key, each]) for each in OUTCOMES), f"{seconds[key]:.0f}"]
        for key, name in SERVERS.items()
    ]
    lines = [["server", *OUTCOMES, "seconds"], ["---", "---:", "---:", "---:", "---:"], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def server_of(name: str) -> str:
    """The server in the name of a test. Cloud Storage has only one server, and its tests do not name it."""
    return next((key for key in SERVERS if key in name), "fake_gcs")


def outcome(case: ElementTree.Element) -> str:
    """How ``case`` ended; ``declared`` is an expected failure."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "declared" if case.find("skipped") is not None else "passed"


if __name__ == "__main__":
    main(Path(sys.argv[1]))
