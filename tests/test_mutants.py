"""The tool for mutants: some are killed, some survive, and the checkout stays as it is."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray")  # it is of the extra `dev`

from tools.mutants.__main__ import ROOT, main
from tools.mutants.areas import Areas
from tools.mutants.mutations import OPERATORS, sample, sites

TABLE = """
command = []
[area.sums]
files = ["toy/*.py"]
tests = ["check.py"]
[area.apart]
files = ["**/*.py"]
tests = []
"""
TOY = "def double(number: int | None) -> int:\n    return number * 2\n\n\ndef triple(number):\n    return 3\n"
CHECK = "from toy import sums\nassert sums.double(3) == 6\n"


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "toy").mkdir()
    for name, text in (("toy/sums.py", TOY), ("check.py", CHECK), ("table.toml", TABLE)):
        (tmp_path / name).write_text(text)
    return tmp_path


def run(toy: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    code = main([], root=toy, table=toy / "table.toml")
    return code, capsys.readouterr().out.splitlines()


def test_mutants_are_killed_or_survive(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = run(toy, capsys)
    assert code == 1
    assert sorted(line.split()[1:3] for line in lines if "/3 " in line) == [
        ["killed", "toy/sums.py:2"],
        ["killed", "toy/sums.py:2"],
        ["survived", "toy/sums.py:6"],
    ]
    assert "-    return 3" in lines
    assert lines[-1].split() == ["all", "2", "0", "1", "0", "66.7"]
    assert (toy / "toy" / "sums.py").read_text() == TOY


def test_a_second_run_repeats_only_the_survivors(toy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(toy, capsys)
    with (toy / "check.py").open("a") as check:
        check.write("assert sums.triple(1) == 3\n")
    code, lines = run(toy, capsys)
    assert code == 0
    assert len([line for line in lines if "/3 " in line]) == 1
    assert lines[-1].split() == ["all", "3", "0", "0", "0", "100.0"]


@pytest.mark.parametrize("after", [[""], ["after = 'return 2'", "after = 'return 4'"]])
def test_an_equivalent_mutant_does_not_count(
    toy: Path, capsys: pytest.CaptureFixture[str], after: list[str]
) -> None:
    with (toy / "table.toml").open("a") as table:
        for line in after:
            table.write(f"[[equivalent]]\nfile = 'toy/sums.py'\nbefore = 'return 3'\n{line}\n")
    code, lines = run(toy, capsys)
    assert code == 0
    assert lines[-1].split() == ["all", "2", "0", "0", "1", "100.0"]


def test_tests_that_fail_without_a_change_are_an_error(toy: Path) -> None:
    (toy / "check.py").write_text("assert False\n")
    with pytest.raises(SystemExit, match="sums: its tests fail on the package as it is"):
        main([], root=toy, table=toy / "table.toml")


def test_an_interrupt_ends_the_tests_and_changes_nothing(toy: Path) -> None:
    fifo = toy.with_name("pid")
    os.mkfifo(fifo)
    (toy / "check.py").write_text(
        "import os, signal\n"
        "from toy import sums\n"
        "if (sums.double(3), sums.triple(3)) != (6, 3):\n"
        f"    with open({str(fifo)!r}, 'w') as told:\n"
        "        told.write(f'{os.getpid()}\\n')\n"
        "    signal.pause()\n"
    )
    program = (
        "import sys; from pathlib import Path; from tools.mutants.__main__ import main; "
        "toy = Path(sys.argv[1]); main([], root=toy, table=toy / 'table.toml')"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(toy)], cwd=ROOT, stderr=subprocess.PIPE
    ) as process:
        with fifo.open() as told:
            pid = int(told.readline())
        process.send_signal(signal.SIGINT)
        assert b"KeyboardInterrupt" in process.communicate()[1]
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert (toy / "toy" / "sums.py").read_text() == TOY
    assert {path.name for path in toy.iterdir()} == {"toy", "check.py", "table.toml"}


def mutants(source: str) -> set[str]:
    return {mutation.apply(source) for _, changes in sites(source) for mutation in changes}


@pytest.mark.parametrize("operator", OPERATORS[-3:])
def test_our_operators_do_as_their_examples(operator: object) -> None:
    for example in operator.examples():  # type: ignore
        assert example.post_mutation_code in mutants(example.pre_mutation_code)


@pytest.mark.parametrize(
    "source",
    [
        "size: int | None",
        "def f(x: 'A' | None) -> int | None: ...",
        "@overload\ndef f(): ...",
        "if TYPE_CHECKING:\n    x = 1\n",
        "name = value\n",
        "T = TypeVar('T', covariant=True)\n",
    ],
)
def test_types_are_not_changed(source: str) -> None:
    assert mutants(source) == set()


def test_the_sample_is_valid_python_and_the_seed_chooses_it() -> None:
    sources = {"a": "def f(x, /, *, y=1):\n    return x + y\n", "b": "z = 1\n"}
    chosen = sample(sources, 9, seed=1)
    assert chosen == sample(sources, 9, seed=1)
    assert {(path, line) for path, line, _ in chosen} == {("a", 1), ("a", 2), ("b", 1)}
    assert len(chosen) == 3
    assert len(sample(sources, 2, seed=1)) == 2


def test_every_file_has_an_area() -> None:
    areas = Areas(ROOT, ROOT / "tools" / "mutants" / "areas.toml")
    assert set(areas.files) == {str(path.relative_to(ROOT)) for path in (ROOT / "holdall").rglob("*.py")}


def test_every_path_of_the_table_exists() -> None:
    areas = Areas(ROOT, ROOT / "tools" / "mutants" / "areas.toml")
    paths = {path for tests in areas.tests.values() for path in tests if "/" in path and path[0] != "-"}
    assert all((ROOT / path.partition("::")[0]).exists() for path in paths)


def test_every_equivalent_change_is_one_of_a_line_that_exists() -> None:
    for each in Areas(ROOT, ROOT / "tools" / "mutants" / "areas.toml").equivalent:
        lines = (ROOT / each["file"]).read_text().splitlines()
        assert each["before"] in {line.partition("  #")[0].strip() for line in lines}
