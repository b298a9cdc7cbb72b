"""Keys of invoices: any id and number, each pair its own key, within the store's grammar."""

from hypothesis import assume, given
from hypothesis import strategies as st

from holdall.domain.keys import invoice_key, seller_of, seller_prefix
from holdall.keys import check_key

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20) | st.sampled_from(
    [".", "..", ".holdall", "%2E", "a/b", "a%2Fb", "a\\b", "\x00", "\x85", "%"]
)


@given(names, names)
def test_every_pair_has_a_key_in_the_grammar(seller: str, number: str) -> None:
    key = invoice_key(seller, number)
    check_key(key)
    assert key.count("/") == 2
    assert seller_of(key) == seller
    assert key.startswith(seller_prefix(seller))


@given(names, names)
def test_a_series_has_a_key_of_its_own_below(seller: str, number: str) -> None:
    key = invoice_key(seller, number, "2026-credit-note")
    check_key(key)
    assert seller_of(key) == seller
    assert key == f"{invoice_key(seller, number)}/2026-credit-note"


@given(names, names, names, names)
def test_no_two_pairs_share_a_key(seller: str, number: str, other: str, another: str) -> None:
    assume((seller, number) != (other, another))
    assert invoice_key(seller, number) != invoice_key(other, another)


@given(names, names, names)
def test_a_seller_s_prefix_begins_no_other_s_keys(seller: str, other: str, number: str) -> None:
    assume(seller != other)
    assert not invoice_key(other, number).startswith(seller_prefix(seller))


def test_plain_ones_read_as_they_are_written() -> None:
    assert invoice_key("0088:123", "RE 2026-ä") == "invoices/0088:123/RE 2026-ä"
