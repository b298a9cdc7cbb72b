"""A configuration file that a stranger may have written: it has no effect beyond its own folder until it is trusted."""

import grp
import os
import pwd
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

import holdall
from holdall import HoldallError, InvalidAddress, PermissionDenied
from holdall.configuration import files, reading
from holdall.configuration.trust import records, revoke, trust

CODE = "from pathlib import Path\nPath('ran').touch()\nclass Schema:\n    to_python = None\n"
PICKLED = '[store.a]\nuri = "sqlite:///{here}/a.db?serializer=pickle&trust=1"\n'


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a project that somebody else wrote, as the current folder."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "stranger.py").write_text(CODE)
    monkeypatch.chdir(project)
    monkeypatch.syspath_prepend(project)
    monkeypatch.delenv("HOLDALL_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return project


def declare(file: Path, text: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    file.chmod(0o644)
    return file


HARMFUL = [
    'uri = "sqlite:///{here}/a.db?serializer=pickle&trust=1"',
    'uri = "sqlite:///{here}/a.db?serializer=pickle"',
    'uri = "sqlite:///{here}/a.db?type=stranger:Schema"',
    'uri = "sqlite:///{here}/a.db?validate=stranger:Schema&serializer=json"',
    'uri = "sqlite:///{here}/a.db?encrypt=file:/etc/passwd"',
    'uri = "sqlite:///{here}/a.db?sign=env:HOME"',
    'uri = "sqlite:///{here}/a.db"\nlayers = ["type=stranger:Schema&serializer=json"]',
    'uri = "sqlite:///{here}/a.db"\nlayers = ["serializer=json", {encrypt = "env:KEYS"}]',
    'uri = "sqlite:///{here}/a.db?cache=60s&near=redis://stranger.example/0"',
    'uri = "sqlite:///{here}/a.db?cache=60s&near=near?type=stranger:Schema"',
    'uri = "sqlite:///{here}/a.db"\nlayers = [{cache = "60s", near = "http://stranger.example/"}]',
    'uri = "sqlite:///{here}/../a.db"',
    'uri = "sqlite:///../a.db"',
    'uri = "sqlite:////etc/a.db"',
    'uri = "sqlite:///{here}/link/a.db"',
    'uri = "file:///etc"',
    'uri = "file:.."',
    'uri = "file:{here}-2"',
    'uri = "file:a%00b"',
    'uri = "s3://acme/books?endpoint_url=http://stranger.example"',
    'uri = "redis://stranger.example/0"',
    'uri = "http://stranger.example/"',
    'uri = "fsspec+file:///etc"',
    'uri = "shove+lite://{here}/a.db"',
    'uri = "dbm:{here}/a"',
    'uri = "lmdb:{here}/a"',
    'uri = "memory://?colour=red"',
]


@pytest.mark.parametrize("text", HARMFUL)
def test_a_strangers_file_runs_nothing_and_asks_no_server(project: Path, text: str) -> None:
    (project / "link").symlink_to("/etc")
    declare(project / "holdall.toml", f"[store.a]\n{text}")
    with pytest.raises(PermissionDenied) as refusal:
        holdall.open("a")
    assert f"store.a in {project}/holdall.toml needs your trust: " in str(refusal.value)
    assert "; read the file first, and if " in str(refusal.value)
    assert sorted(os.listdir()) == ["holdall.toml", "link", "stranger.py"]


@pytest.mark.parametrize(
    "text",
    [
        'uri = "memory://"',
        'uri = "memory://?manifest=off&readonly=1"',
        'uri = "sqlite:///{here}/a.db?serializer=json&compress=gzip&history=on&durability=os&table=t"',
        'uri = "sqlite:///:memory:"',
        'uri = "sqlite:///a.db"',
        'uri = "file:{here}/a?serializer=yaml&checksum=crc32c"',
        'uri = "file://{here}/a"\nlayers = ["escape", "prefix=a", "serializer=text", {cache = "60s", near = "b"}]',
        'uri = "memory://a?cache=60s&near=file://{here}/near"',
    ],
)
def test_what_stays_in_its_folder_needs_no_trust(project: Path, text: str) -> None:
    declare(project / "holdall.toml", f'[store.a]\n{text}\n[store.b]\nuri = "memory://b"\n')
    assert list(holdall.open("a")) == []


def test_a_store_that_needs_trust_does_not_stop_the_others(project: Path) -> None:
    declare(project / "holdall.toml", PICKLED + '[store.b]\nuri = "memory://b"\n')
    assert [each.name for each in files.stores()] == ["a", "b"]
    assert repr(holdall.open("b")) == "Memory('b')"


def test_a_near_store_is_trusted_by_its_own_file(project: Path, tmp_path: Path) -> None:
    declare(project / "holdall.toml", PICKLED.replace("store.a", "store.near"))
    declare(
        tmp_path / "config" / "holdall" / "holdall.toml",
        '[store.a]\nuri = "memory://a?cache=60s&near=near"\n',
    )
    with pytest.raises(PermissionDenied, match=r"store\.near in .* needs your trust"):
        holdall.open("a")


def test_trust_is_of_one_content_at_one_path(project: Path, tmp_path: Path) -> None:
    file = declare(project / "holdall.toml", PICKLED)
    trust(reading.read(file))
    holdall.open("a")["k"] = 1
    assert [(each.path, each.current) for each in records()] == [(file, True)]

    declare(file, PICKLED + "# changed\n")
    with pytest.raises(PermissionDenied, match="needs your trust"):
        holdall.open("a")
    assert [each.current for each in records()] == [False]

    declare(file, PICKLED)
    assert dict(holdall.open("a")) == {"k": 1}
    other = declare(tmp_path / "other" / "holdall.toml", PICKLED)
    os.chdir(other.parent)
    with pytest.raises(PermissionDenied, match="needs your trust"):
        holdall.open("a")

    os.chdir(project)
    revoke(file)
    with pytest.raises(PermissionDenied, match="needs your trust"):
        holdall.open("a")
    assert list(records()) == []
    with pytest.raises(HoldallError, match="is not trusted"):
        revoke(file)


def test_no_content_is_trusted_for_another(project: Path) -> None:
    """In neither order, so that no comparison but equality will do."""
    one, two = declare(project / "holdall.toml", PICKLED), declare(project / "other.toml", f"{PICKLED}# 2")
    for before, after in ((one, two), (two, one)):
        content = before.read_text()
        trust(reading.read(before))
        declare(before, after.read_text())
        assert [(record.path, record.current) for record in records()] == [(before, False)]
        declare(before, content)
        assert [(record.path, record.current) for record in records()] == [(before, True)]
        revoke(before)


def test_what_is_trusted_is_known_to_the_user_alone(project: Path, tmp_path: Path) -> None:
    file = reading.read(declare(project / "holdall.toml", PICKLED))
    before = os.umask(0)
    try:
        trust(file)
    finally:
        os.umask(before)
    folder = tmp_path / "state" / "holdall" / "trusted"
    (record,) = folder.iterdir()
    assert [stat.S_IMODE(each.stat().st_mode) for each in (folder, record)] == [0o700, 0o600]
    record.chmod(0o666)
    with pytest.raises(PermissionDenied, match="can be changed by other users"):
        holdall.open("a")


def test_the_users_own_configuration_takes_effect(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = declare(tmp_path / "config" / "holdall" / "holdall.toml", PICKLED)
    holdall.open("a")["k"] = 1
    assert (own.parent / "a.db").exists()
    file = declare(project / "app.toml", PICKLED)
    monkeypatch.setenv("HOLDALL_CONFIG", str(file))
    holdall.open("a")["k"] = 1
    assert (project / "a.db").exists()
    monkeypatch.setenv("HOLDALL_CONFIG", "app.toml")  # another file in each project
    with pytest.raises(PermissionDenied, match="needs your trust"):
        holdall.open("a")


def test_a_link_in_a_folder_above_is_refused(project: Path, tmp_path: Path) -> None:
    trust(reading.read(declare(tmp_path / "mine" / "holdall.toml", PICKLED)))
    for target in (tmp_path / "mine" / "holdall.toml", tmp_path / "nothing"):
        (project / "holdall.toml").symlink_to(target)
        with pytest.raises(PermissionDenied, match="symbolic link"):
            holdall.open("a")
        (project / "holdall.toml").unlink()


def test_the_folder_of_a_named_file_is_that_of_the_file_and_not_of_a_link(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(tmp_path / "mine" / "holdall.toml", PICKLED)
    (project / "link.toml").symlink_to(tmp_path / "mine" / "holdall.toml")
    monkeypatch.setenv("HOLDALL_CONFIG", str(project / "link.toml"))
    holdall.open("a")["k"] = 1
    assert sorted(os.listdir(project)) == ["link.toml", "stranger.py"]
    assert (tmp_path / "mine" / "a.db").exists()


@pytest.mark.parametrize("mode", [0o664, 0o646, 0o620, 0o602])
@pytest.mark.parametrize("place", ["project", "config", "variable"])
def test_a_file_that_others_can_write_is_refused(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: int, place: str
) -> None:
    file = project / "holdall.toml"
    if place == "config":
        file = tmp_path / "config" / "holdall" / "holdall.toml"
    elif place == "variable":
        monkeypatch.setenv("HOLDALL_CONFIG", str(file))
    declare(file, '[store.a]\nuri = "memory://"').chmod(mode)
    with pytest.raises(
        PermissionDenied, match="can be changed by other users; read it, and then run `chmod go-w "
    ):
        holdall.open("a")


@pytest.mark.parametrize(
    ("name", "primary", "members", "allowed"),
    [
        ("ann", 4711, [], True),
        ("ann", 4711, ["ann"], True),
        ("ann", 4711, ["bob"], False),
        ("staff", 4711, [], False),
        ("ann", 4712, [], False),
    ],
)
def test_a_group_of_one_user_may_write(
    project: Path, monkeypatch: pytest.MonkeyPatch, name: str, primary: int, members: list[str], allowed: bool
) -> None:
    file = declare(project / "holdall.toml", '[store.a]\nuri = "memory://"')
    file.chmod(0o664)
    user, group = (
        SimpleNamespace(pw_uid=4711, pw_gid=primary, pw_name="ann"),
        SimpleNamespace(gr_gid=4711, gr_name=name, gr_mem=members),
    )
    monkeypatch.setattr(pwd, "getpwuid", lambda uid: user)
    monkeypatch.setattr(grp, "getgrgid", lambda gid: group)
    if allowed:
        assert list(holdall.open("a")) == []
        return
    with pytest.raises(PermissionDenied, match="can be changed by other users"):
        holdall.open("a")


def test_a_file_of_another_user_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = declare(project / "holdall.toml", '[store.a]\nuri = "memory://"')
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    monkeypatch.setattr(reading, "_ADMINISTRATOR", 4712)
    with pytest.raises(PermissionDenied, match="belongs to another user") as refusal:
        holdall.open("a")
    assert "HOLDALL_CONFIG" not in str(refusal.value)
    assert "trust" not in str(refusal.value)
    monkeypatch.setattr(reading, "_ADMINISTRATOR", file.stat().st_uid)
    assert list(holdall.open("a")) == []


def test_a_pipe_or_a_folder_is_not_waited_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.symlink("circle", "circle")
    monkeypatch.setenv("HOLDALL_CONFIG", str(project / "circle"))
    with pytest.raises(PermissionDenied, match="symbolic link"):
        holdall.open("a")
    os.mkfifo("pipe")
    for name in ("pipe", "."):
        monkeypatch.setenv("HOLDALL_CONFIG", str(project / name))
        with pytest.raises(InvalidAddress, match="not a file"):
            holdall.open("a")


@pytest.mark.parametrize(
    "text",
    [
        'uri = "redis://:hunter2@cache.example/0"',
        'uri = "memory://?cache=60s&near=redis://:hunter2@cache.example/0"',
        'uri = "s3://acme/books?secret_access_key=hunter2"',
        'uri = "memory://"\nlayers = ["encrypt=hunter2"]',
    ],
)
def test_a_file_with_a_secret_that_others_can_read_gets_a_warning(
    project: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    file = declare(project / "holdall.toml", f"[store.a]\n{text}")
    monkeypatch.setenv("HOLDALL_CONFIG", str(file))
    with pytest.warns(UserWarning, match=r"holds a secret and other users can read it; run `chmod 600 "):
        files.find("a")
    file.chmod(0o600)
    files.find("a")
