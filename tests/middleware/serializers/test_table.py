"""The tables of the documentation are true."""

from tools import serializer_table as tables


def test_the_page_says_what_is_kept():
    assert tables.types() in tables.PAGE.read_text()


def test_the_page_says_how_many_bytes_are_stored():
    page = tables.PAGE.read_text()
    plain = tables.msgspec.to_builtins(tables.INVOICE)
    for name in tables.SERIALIZERS.keys() - {"Text"}:
        assert f"| `{name}` | {tables.size(tables.SERIALIZERS[name], plain)} |" in page


def test_tables_made_again_replace_themselves_alone():
    page = "a\n<!-- types -->\nold\n<!-- end -->\nb\n<!-- sizes -->\n<!-- end -->\nc\n"
    made = tables.pages(page, {"types": "new", "sizes": "s"})
    assert made == "a\n<!-- types -->\nnew\n<!-- end -->\nb\n<!-- sizes -->\ns\n<!-- end -->\nc\n"
    assert tables.pages(made, {"types": "new", "sizes": "s"}) == made
