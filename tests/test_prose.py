"""The check of prose finds each habit in a message, and only there."""

from pathlib import Path

import pytest

from tools.check_prose import faults

MODULE = '''
"""A docstring says what is written, and its text is no message."""

raise ValueError(f"{{text!r}} " "{}")
'''


@pytest.mark.parametrize(
    ("message", "habit"),
    [
        ("is no amount", "'is no'"),
        ("does not hold what was written", "'what'"),
        ("is refused where it is too long", "'where'"),
    ],
)
def test_a_habit_in_a_message_is_found_by_its_line(tmp_path: Path, message: str, habit: str) -> None:
    [fault] = _faults(tmp_path, message)
    assert fault.startswith(f"holdall/module.py:4: {habit} ")
    assert fault.endswith(f": '… {message}'")


@pytest.mark.parametrize("message", ["is not an amount", "is a folder; there is no file in it"])
def test_a_plain_message_has_no_fault(tmp_path: Path, message: str) -> None:
    assert _faults(tmp_path, message) == []


def _faults(root: Path, message: str) -> list[str]:
    (root / "holdall").mkdir()
    (root / "holdall" / "module.py").write_text(MODULE.format(message), encoding="utf-8")
    return list(faults(root))
