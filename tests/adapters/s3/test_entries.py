"""Entries of listings are parsed apart: the names, errors and other fields stay those of botocore."""

import io
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus
from xml.sax.saxutils import escape

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError
from botocore.stub import Stubber
from hypothesis import given, settings
from hypothesis import strategies as st

from holdall.adapters.s3 import S3
from holdall.adapters.s3.entries import ORDER, trim_entries
from holdall.errors import Corrupt

SPACE = ' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"'
LAUGHS = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
ENTRY = "<Contents><Key>k</Key><ETag>t</ETag></Contents>"


class Raw(io.BytesIO):
    """The body of an answer, as the client reads it."""

    status = 200

    def stream(self, **options: object) -> Iterator[bytes]:
        yield self.read()


class Server:
    """Answers every request of the client of ``store`` with ``body``."""

    def __init__(self) -> None:
        self.body = b""
        self.store = S3("acme", region="eu-west-1", endpoint_url="http://127.0.0.1:1", retries=0)
        self.client = self.store.client
        self.client.meta.events.register_first("before-send.s3", self._answer)

    def _answer(self, request: Any, **event: Any) -> AWSResponse:
        return AWSResponse(request.url, 200, {}, Raw(self.body))

    def listed(self, operation: str, body: bytes) -> dict[str, Any]:
        """The parsed answer, or its error."""
        self.body = body
        try:
            answer: dict[str, Any] = getattr(self.client, operation)(Bucket="acme")
        except (ClientError, ResponseParserError) as error:
            return {"error": str(error)}
        del answer["ResponseMetadata"]
        return answer


@pytest.fixture(scope="module")
def server(credentials: None) -> Iterator[Server]:
    server = Server()
    yield server
    server.store.close()


FIELDS = {
    "list_objects_v2": {"Contents": ("Key", "ETag"), "CommonPrefixes": ("Prefix",)},
    "list_object_versions": {
        "Versions": ("Key", "VersionId", "LastModified"),
        "DeleteMarkers": ("Key", "VersionId", "LastModified"),
        "CommonPrefixes": ("Prefix",),
    },
}


def check_same(server: Server, operation: str, body: str | bytes) -> dict[str, Any]:
    """Check that both ways to parse agree about ``body``, and return the answer with trimmed entries."""
    sent = body if isinstance(body, bytes) else body.encode()
    expected = server.listed(operation, sent)
    for name, fields in FIELDS[operation].items():
        if name in expected:
            expected[name] = [{field: each[field] for field in fields} for each in expected[name]]
    with trim_entries():
        found = server.listed(operation, sent)
    assert {name: value for name, value in found.items() if name != ORDER} == expected
    return found


def document(inner: str, root: str = "ListBucketResult", space: str = SPACE) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}{space}>{inner}</{root}>'


_any = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
_in_xml = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=["Cs"], exclude_characters="\x7f\ufffe\uffff")
)
_samples = st.sampled_from(
    ["a b", "a+b", "a%2Fb", "%", "&amp;", "<Key>", '"', "]]>", " \n", "\U0001f4d8", "a//b/", ""]
)
_tags = st.sampled_from(["&quot;5d41&quot;", "&#34;5d41-2&#34;", '"x"', ""])


def _entries(names: list[tuple[str, str]], encode: Callable[[str], str]) -> str:
    return "".join(
        f"<Contents>\n  <Size>1</Size><Key>{encode(name)}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified>"
        f"<ETag>{tag}</ETag><Owner><ID>Key</ID></Owner></Contents>"
        for name, tag in names
    )


@settings(max_examples=25)
@given(
    st.lists(st.tuples(_any | _samples, _tags), max_size=4),
    st.lists(_any | _samples, max_size=3),
    st.sampled_from([quote, quote_plus]),
    st.sampled_from([SPACE, ""]),
    st.booleans(),
)
def test_encoded_names_are_the_same(server: Server, names, folders, encode, space, truncated):
    inner = _entries(names, encode) + "<EncodingType>url</EncodingType><KeyCount>0</KeyCount>"
    inner += "".join(f"<CommonPrefixes><Prefix>{encode(name)}</Prefix></CommonPrefixes>" for name in folders)
    inner += f"<IsTruncated>{str(truncated).lower()}</IsTruncated><Prefix>a%0Db+</Prefix>"
    answer = check_same(server, "list_objects_v2", document(inner, space=space))
    if encode is quote_plus:
        assert [each["Key"] for each in answer.get("Contents", [])] == [name for name, _ in names]
        assert [each["Prefix"] for each in answer.get("CommonPrefixes", [])] == folders


@settings(max_examples=25)
@given(st.lists(st.tuples(_in_xml | _samples, _tags), max_size=4), st.sampled_from([SPACE, ""]))
def test_plain_names_are_the_same(server: Server, names, space):
    inner = (
        _entries(names, lambda name: escape(name).replace("\n", "&#10;")) + "<IsTruncated>false</IsTruncated>"
    )
    answer = check_same(server, "list_objects_v2", document(inner, space=space))
    assert [each["Key"] for each in answer.get("Contents", [])] == [name for name, _ in names]


def _version(kind: str, key: str, id: str) -> str:
    time = "2026-01-01T00:00:00.000Z"
    return f"<{kind}><Key>{key}</Key><VersionId>{id}</VersionId><LastModified>{time}</LastModified></{kind}>"


def test_versions_keep_their_order(server: Server):
    inner = (
        _version("Version", "a+b", "1")
        + _version("DeleteMarker", "a%2Bb", "2")
        + "<!--<Version>--><NextKeyMarker>a&#13;b</NextKeyMarker><EncodingType>url</EncodingType>"
        + _version("Version", "c", "3")
    )
    inner += "<CommonPrefixes><Prefix>a+b/</Prefix></CommonPrefixes>"
    answer = check_same(server, "list_object_versions", document(inner, "ListVersionsResult"))
    assert answer[ORDER] == ["Versions", "DeleteMarkers", "Versions", "CommonPrefixes"]
    assert [each["Key"] for each in answer["Versions"]] == ["a b", "c"]
    assert answer["NextKeyMarker"] == "a\rb"


@pytest.mark.parametrize(
    "body",
    {
        "empty": "",
        "cut": document(ENTRY * 3)[:-30],
        "html": "<html><body>Welcome</body></html>",
        "error": "<Error><Code>InternalError</Code></Error>",
        "another root": document(ENTRY, "Elsewhere"),
        "entries in a folder": document(f"<Name>{ENTRY}</Name><Owner>{ENTRY}</Owner>"),
        "entries in a comment": document(f"<!--{ENTRY}-->{ENTRY}"),
        "entries in text": document(f"<Name><![CDATA[{ENTRY}]]></Name>"),
        "text in CDATA": document("<Contents><Key><![CDATA[a<b]]>c</Key><ETag/></Contents>"),
        "elements in a key": document("<Contents><Key>a<b>c</b>d</Key><ETag>t</ETag></Contents>"),
        "a prefix": f'<s:R xmlns:s="urn:s">{ENTRY.replace("<", "<s:").replace("<s:/", "</s:")}</s:R>',
        "two namespaces": document(f'<Contents xmlns="urn:s"><Key>a</Key><ETag>t</ETag></Contents>{ENTRY}'),
        "entities": f'<!DOCTYPE R [<!ENTITY k "a&#38;b">]>{document(ENTRY.replace("k<", "&k;<"))[39:]}',
        "laughs": f'<!DOCTYPE R [<!ENTITY e0 "{"ha" * 9999}">{LAUGHS}]><R>{ENTRY.replace("k<", "&e9;<")}</R>',
        "a file": f'<!DOCTYPE R [<!ENTITY f SYSTEM "/etc/passwd">]><R>{ENTRY.replace("k<", "&f;<")}</R>',
        "deep": document(f"{ENTRY}{'<a>' * 2_000}{'</a>' * 2_000}"),
        "not UTF-8": b"<R><Contents><Key>\xff</Key><ETag>t</ETag></Contents></R>",
        "another encoding": "<?xml version='1.0' encoding='utf-16'?><R/>".encode("utf-16"),
        "not allowed": document(ENTRY.replace("k<", "&#xFFFE;<")),
        "an entry after the root": document(ENTRY) + ENTRY,
        "an entry before the root": ENTRY + document(ENTRY),
        "only an entry": ENTRY,
        "an entry in a processing instruction": document(f"<?a {ENTRY}?>{ENTRY}"),
        "another form": document(f"{ENTRY}<Contents><Key>b</Key><Odd/><ETag>t</ETag></Contents>{ENTRY}"),
        "hidden and another form": document(
            f"<Name>{ENTRY}</Name><Contents><Key>b</Key><ETag>t</ETag> </Contents>"
        ),
        "the mark": document(f"<Name>{ENTRY}</Name><HoldallObjects/>"),
        "another end": document("<Contents><Key>a</ETag><ETag>t</ETag></Contents>"),
        "quoted twice": document(ENTRY.replace("k<", "&amp;quot;<").replace("t<", "&amp;quot;<")),
        "no quotes": document(ENTRY).replace('"', "&quot;"),
    }.items(),
    ids=lambda case: case[0].replace(" ", "_"),
)
def test_a_hostile_answer_ends_alike(server: Server, body):
    check_same(server, "list_objects_v2", body[1])


@pytest.mark.parametrize("entry", ["<Key>k</Key>", "<ETag>t</ETag>", ""])
def test_an_entry_without_a_name_or_a_tag_is_corrupt(server: Server, entry):
    server.body = document(f"<Contents>{entry}</Contents><IsTruncated>false</IsTruncated>").encode()
    with pytest.raises(Corrupt, match="lacks"):
        list(server.store.scan())


@pytest.mark.parametrize("body", [b"", b"<R/>", document(ENTRY * 2000)[:-30].encode()])
def test_a_scan_of_nonsense_is_corrupt(server: Server, body):
    server.body = body
    with pytest.raises(Corrupt):
        list(server.store.scan())


def test_other_callers_of_the_client_get_every_field(server: Server):
    server.body = document("<Contents><Key>k</Key><ETag>t</ETag><Size>5</Size></Contents>").encode()
    assert server.client.list_objects_v2(Bucket="acme")["Contents"] == [{"Key": "k", "ETag": "t", "Size": 5}]


def test_a_stubbed_client_needs_no_body(credentials: None):
    answer = {"IsTruncated": False, "Contents": [{"Key": "a", "ETag": '"1"'}]}
    with S3("acme", region="eu-west-1") as store, Stubber(store.client) as stubber:
        stubber.add_response("list_objects_v2", {"ResponseMetadata": {"HTTPHeaders": {}}, **answer})
        assert list(store.scan_tags()) == [("a", "1")]
