"""Help: light, complete, and with examples that run as they are printed."""

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from holdall import open as open_store
from holdall.cli.app import app
from holdall.history import arriving
from holdall.middleware.keyring import new_key
from holdall.replication import sync_both
from tests.cli.console import BUNDLED, call, good, refusal
from tests.domain.bank.statements import camt, entry, statement

ROOT = Path(__file__).parents[2]

LOADED = """
import json, sys
from holdall.cli.run import run
code = run(sys.argv[1:])
print(json.dumps([code, sorted(sys.modules)]))
"""


DECLARED = """
[store.notes]
uri = "sqlite:///notes.db"

[view.billed]
store = "sqlite:///books.db?serializer=json"
query = "holdall.domain.receivables:BILLED"
prefix = "invoices/"
"""

RENT = """
{"number": "7", "seller": "Bo", "customer": "Ada", "currency": "EUR", "lines": [{"amount": "100.00"}]}
"""

BARE = """
import json, sys
NEEDED = {"holdall", "click", "rich", "platformdirs", "formencode", "msgspec", "defusedxml"}
NEEDED |= {"stdnum", "markdown_it", "mdurl", "pygments", "colorama", "six", "legacycgi"}  # by the libraries above
class Missing:
    def find_spec(self, name, path=None, target=None):
        ours = name.startswith("_sysconfigdata") or name.partition(".")[0] in {*NEEDED, *sys.stdlib_module_names}
        if not ours:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from holdall.cli.run import run
failed = [path for path in json.loads(sys.argv[1]) if run([*path, "--help"])]
print(json.dumps(failed))
"""


def tree(command, *path):
    """Every command, as what is typed for it."""
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from tree(command.get_command(context, name), *path, name)


COMMANDS = dict(tree(app))
LEAVES = [path for path, command in COMMANDS.items() if not isinstance(command, click.Group)]


def examples(path):
    """The examples in the help of a command, each as its arguments."""
    text = good(*path, "--help").replace("\\\n", "").partition("  Example")[2]
    lines = [line.strip() for line in text.splitlines()[1:]]
    assert lines
    assert all(line.startswith("holdall ") for line in lines)
    return [shlex.split(line)[1:] for line in lines]


def test_the_tree_is_what_is_promised():
    assert {" ".join(path) for path in LEAVES} == {
        "conflicts", "settle", "replicate", "replicas", "promote",
        "get", "size", "set", "del", "ls", "count", "sweep", "url", "changes", "cp", "convert", "sync", "backup",
        "restore", "rekey", "key new",
        "stores", "trust", "explain", "manifest", "info", "doctor", "demo", "serve",
        "token add", "token list", "token revoke",
        "history", "show", "revert", "diff", "undelete", "prune", "fsck",
        "books close", "books reopen", "books set", "books settings", "books status",
        "invoices add", "invoices export", "invoices import", "invoices list", "invoices new", "invoices pay",
        "invoices recode", "invoices refund", "invoices show", "invoices void", "invoices write-off",
        "payments apply", "payments credit", "payments import", "payments list", "payments move", "payments receive",
        "payments refund", "payments show", "payments void",
        "receivables billed", "receivables paid", "receivables adjusted", "receivables written-off",
        "receivables outstanding",
        "receivables customers", "receivables dso",
        "receivables by-code", "receivables received", "receivables aging", "receivables overview",
        "receivables statement",
        "views list", "views refresh", "views show", "views sweep", "views drop",
    }  # fmt: skip


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_help_says_what_each_option_means_and_gives_an_example(path):
    command = COMMANDS[path]
    assert good(*path, "-h") == good(*path, "--help")
    assert all(line.isprintable() for line in good(*path, "--help").splitlines())
    options = [each for each in command.params if isinstance(each, click.Option)]
    assert [each.name for each in options if not each.help] == []
    for example in examples(path):
        assert example[: len(path)] == list(path) or not path
    if len(path) == 2:  # the others' line is written in the tree of commands
        assert "..." not in command.get_short_help_str(60)


def make_conflicts(uri):
    """Make those that the examples of settle end."""
    with open_store(uri) as shop, open_store("memory://?history=on") as cloud:
        shop.update({f"orders/{number}": b"{}" for number in (17, 18, 19)})
        sync_both(shop, cloud)
        for key in shop:
            cloud[key] = b'{"a": 1}'
            with arriving(bytes.fromhex("5f0e0ddba11c0de5")):
                shop[key] = b'{"b": 1}'
        sync_both(shop, cloud, conflict="keep")


def test_every_example_runs_as_it_is_printed(folder, monkeypatch):
    monkeypatch.setenv("BOOKS_KEYS", new_key("2026"))
    call("set", "sqlite:///sealed.db?encrypt=env:BOOKS_KEYS", "greeting", "hello")
    (folder / "holdall.toml").write_text(DECLARED)
    monkeypatch.setenv("HOLDALL_CONFIG", str(folder / "holdall.toml"))  # so the view needs no trust
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")  # to sign a link, which needs no server
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    (folder / "inbox").mkdir()
    shutil.copy(str(BUNDLED / "nl-2026-014.xml"), folder / "inbox")
    (folder / "rent.json").write_text(RENT)
    (folder / "codes.toml").write_text('default = "8400"')
    (folder / "bank.xml").write_bytes(camt(statement(entry())))
    (folder / "bank.csv").write_text("Buchungstag;Betrag;Zahler;Zweck\n01.09.2026;1,50;Ada;Rent\n")
    (folder / "logo.png").write_bytes(b"\x89PNG")
    first = {
        ("demo",): 0,
        ("set",): 1,
        ("cp",): 2,
        ("convert",): 3,
        ("backup",): 4,
        ("restore",): 5,
        ("token", "add"): 4,
    }
    make_conflicts("sqlite:///shop.db?history=on")
    (folder / "order.json").write_text("{}")
    last = {("token", "revoke"): 7, ("prune",): 8, ("del",): 9, ("undelete",): 10, ("conflicts",): 6}
    order = {**dict.fromkeys(COMMANDS, 5), **first, **last}
    ending = (path for path in COMMANDS if path and path != ("serve",))  # which tests/server runs
    for path in sorted(ending, key=order.__getitem__):
        for example in examples(path):
            done = call(*example)
            assert done.code == 0, (example, done)


def test_help_waits_for_no_library_that_it_does_not_need():
    done = subprocess.check_output([sys.executable, "-c", LOADED, "--help"], text=True)
    code, loaded = json.loads(done.splitlines()[-1])
    assert code == 0
    assert not {"rich", "msgspec", "formencode", "defusedxml", "filelock", "sqlite3"} & set(loaded)
    assert not {name for name in loaded if name.startswith(("holdall.domain", "holdall.adapters"))}


def test_without_a_command_the_help_is_shown():
    done = call()
    assert (done.code, done.out) == (2, "")
    assert done.err == good("--help")
    assert call("invoices").err == good("invoices", "--help")


def test_the_help_lists_each_command_and_what_it_does():
    shown = good("--help")
    listed = shown.partition("Commands:\n")[2].partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in listed if not line.startswith("   ")] == list(app.list_commands(None))
    for name, (_, text) in app._lazy.items():
        assert f"{name} {text}" in " ".join(shown.split())
        assert text.endswith(".")
    groups = good("invoices", "--help").partition("Commands:\n")[2].splitlines()
    assert [line.split()[0] for line in groups[:4]] == ["add", "export", "import", "list"]


def test_a_command_that_is_not_there_is_refused_with_the_remedy():
    assert refusal("lst", code=2) == "holdall: No such command 'lst'; `holdall --help` shows how"
    assert app.get_command(click.Context(app), "lst") is None


def test_the_version_is_that_of_the_package():
    import holdall

    assert good("--version") == f"holdall {holdall.__version__}\n"


@pytest.mark.parametrize("path", [path for path in LEAVES if path[0] in ("invoices", "receivables")])
def test_commands_on_books_say_where_they_may_be(path):
    given = {"import": ["."], "show": ["7"], "pay": ["7", "--amount", "1"], "statement": ["C"]}
    given |= {"void": ["7", "a", "--reason", "r"], "refund": ["7", "--amount", "1"]}
    given |= {"write-off": ["7", "--code", "6930", "--reason", "r"]}
    given |= {"add": ["-"], "recode": ["--reason", "a new chart of accounts"]}
    if path == ("invoices", "new"):  # it needs no books
        return
    shown = " ".join(good(*path, "--help").split())
    assert "The address of the books, as in sqlite:///books.db. [env var: HOLDALL_URI; required]" in shown
    assert "HOLDALL_URI" in refusal(*path, *given.get(path[-1], []), code=2)


ALL_HELP = """
import json
from tests.cli.test_help import helps
print(json.dumps(helps()))
"""


def _context(command):
    """A context with the names that the app gives its help; click remembers the first names it sees."""
    return click.Context(command, help_option_names=["-h", "--help"])


def helps():
    """The help of every command."""
    return {" ".join(path): command.get_help(_context(command)) for path, command in COMMANDS.items()}


def test_help_is_whole_where_python_leaves_docstrings_out():
    stripped = subprocess.check_output([sys.executable, "-OO", "-c", ALL_HELP], cwd=ROOT)
    assert json.loads(stripped) == helps()


def test_every_help_needs_no_extra_but_that_of_the_command_line():
    paths = json.dumps([list(path) for path in COMMANDS])
    done = subprocess.run([sys.executable, "-c", BARE, paths], capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1:], done.stderr) == (["[]"], "")
