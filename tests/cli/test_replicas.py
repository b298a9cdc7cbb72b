"""replicate, replicas and promote."""

import json
import signal
import subprocess
import sys

import holdall
from tests.cli.console import call, contents, good, refusal

STORE = "sqlite:///books.db?serializer=json&replica=file:copy"


def missed(**values):
    """Write values that no process delivers."""
    with holdall.open(STORE, deliver=False) as store:
        store.update(values)


def test_replicate_delivers_what_was_missed(folder):
    missed(a=1, b=2)
    behind = json.loads(good("replicas", "--json", STORE))
    assert [(each["state"], each["refused"]) for each in behind] == [("not started", "0")]
    done = call("replicate", STORE)
    assert (done.code, done.out) == (0, "")
    assert "following" in done.err
    assert contents("file:copy?serializer=json") == {"a": 1, "b": 2}
    missed(c=3)
    assert "1" in json.loads(good("replicas", "--json", STORE))[0]["changes"]
    [lag] = json.loads(call("replicate", "--json", STORE).out)
    assert (lag["state"], lag["changes"], lag["error"]) == ("following", 0, "")


def test_a_replica_that_fails_makes_the_exit_code_1(folder):
    away = "sqlite:///books.db?replica=sqlite:////proc/none/a.db"
    with holdall.open(away, deliver=False) as store:
        store["a"] = b"1"
    done = call("replicate", away)
    assert done.code == 1
    assert "failed, StoreNotFound: " in done.err
    [lag] = json.loads(call("replicate", "--json", away).out)
    assert lag["state"] == "failed"
    assert call("replicas", away).code == 1


def test_doctor_asks_each_replica(folder):
    two = f"{STORE}&replica=sqlite:////proc/none/a.db"
    missed(a=1)
    done = call("doctor", "--json", two)
    assert done.code == 1
    found = {each["check"]: each["outcome"] for each in json.loads(done.out)}
    assert (found["write"], found["replica 1"], found["replica 2"]) == ("yes", "yes", "failed")


def test_a_write_warns_of_a_replica_that_fails(folder):
    done = call("set", "sqlite:///books.db?replica=sqlite:////proc/none/a.db", "a", "1")
    assert done.code == 0
    assert all(line.startswith("holdall: warning: ") for line in done.err.splitlines())
    assert "does not follow" in done.err


def test_watch_delivers_until_ctrl_c(folder):
    missed(a=1)
    command = [sys.executable, "-m", "holdall", "replicate", "--watch", "--interval", "0.1", STORE]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert "following" in process.stderr.readline()
            missed(a=2)
            with holdall.open("file:copy?serializer=json&feed=off") as copy:
                assert wait_for(lambda: copy["a"] == 2)
        finally:
            process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130


def wait_for(condition):
    """Wait until ``condition`` is true, for up to a minute, and return whether it is."""
    import threading

    paused = threading.Event()
    return any(condition() or paused.wait(0.1) for _ in range(600))


def test_promote_says_what_to_change(folder):
    missed(a=1)
    done = call("promote", STORE)
    assert done.code == 0, done
    assert "takes no more writes; its last 1 changes were delivered" in done.err
    assert "its primary is now file:copy?serializer=json" in done.err
    assert "its replicas are sqlite:///books.db" in done.err
    assert "fenced" in refusal("set", STORE, "b", "2") or "primary" in refusal("set", STORE, "b", "2")
    new = "file:copy?serializer=json&replica=sqlite:///books.db"
    good("set", new, "b", "2")
    assert call("replicate", new).code == 0
    assert contents("sqlite:///books.db?serializer=json") == {"a": 1, "b": 2}


def test_promote_without_the_old_primary(folder):
    missed(a=1)
    call("replicate", STORE)
    gone = "sqlite:////proc/none/a.db?serializer=json&replica=file:copy"
    assert call("promote", gone).code == 1
    done = call("promote", "--lost", gone)
    assert done.code == 0, done
    assert "changes that it had not delivered are lost" in done.err
    assert "will learn it later" in done.err
    assert contents("file:copy?serializer=json") == {"a": 1}


def test_promote_needs_a_name_among_several(folder):
    several = f"{STORE}&replica=sqlite:///other.db"
    missed(a=1)
    assert "name the replica that becomes the primary: file:copy, sqlite:///other.db" in refusal(
        "promote", several, code=2
    )
    assert call("promote", several, "sqlite:///other.db").code == 0
    assert contents("sqlite:///other.db?serializer=json") == {"a": 1}


def test_a_named_store_is_promoted(folder):
    (folder / "holdall.toml").write_text(
        '[store.books]\nuri = "sqlite:///{here}/a.db"\nreplicas = ["copy"]\n[store.copy]\nuri = "file://{here}/b"\n'
    )
    good("set", "books", "a", "1")
    done = call("promote", "books", "copy")
    assert done.code == 0, done
    assert f"change store.books in {folder}/holdall.toml: its primary is now copy" in done.err
    assert contents("copy") == {"a": b"1"}


def test_a_store_without_replicas_is_refused(uri):
    for command in ("replicate", "replicas", "promote"):
        assert "has no replicas; add ?replica=ADDRESS" in refusal(command, uri)
