"""The replicas of served stores: in the metrics for administrators, and in the description of a store."""

import json

import holdall
from holdall import Memory, Replicas, Text
from tests.server.test_monitoring import numbers


class Away(Memory):
    """A store that does not take writes now."""

    def raw(self, prefix=""):
        raise holdall.Unavailable("the link is cut")


def test_the_lag_of_each_replica_is_told(serving):
    with (
        Replicas(Memory(), Memory("near replica"), Away("far replica"), deliver=False) as layer,
        serving({"a": Text(layer)}) as http,
    ):
        http("PUT", "/v1/a/docs/x", b"1", Content_Type="text/plain")
        layer.deliver()
        http("PUT", "/v1/a/docs/y", b"2", Content_Type="text/plain")
        found = numbers(http)
        described = json.loads(http("GET", "/v1/a:info").data)["replicas"]

    def number(name, replica, **labels):
        return found[f"holdall_replica_{name}", *sorted({"store": "a", "replica": replica, **labels}.items())]

    near, far = "Memory('near replica')", "Away('far replica')"
    assert number("lag_changes", near) == 1
    assert number("lag_seconds", near) >= 0
    assert number("refused_keys", near) == number("errors_total", near) == 0
    assert number("errors_total", far) == 1
    assert number("state", near, state="catching up") == 1
    assert number("state", far, state="failed") == 1
    assert [each["state"] for each in described] == ["catching up", "failed"]
    assert "Memory" not in str(described)
