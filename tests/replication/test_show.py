"""The session that `make show-sync` shows, on a real server."""

import pytest

from tools import shop_and_cloud

pytestmark = pytest.mark.servers


def test_the_session_ends_with_equal_orders_and_the_letter(capfd: pytest.CaptureFixture[str]) -> None:
    shop_and_cloud.main()
    told = capfd.readouterr()
    assert told.out.count('{"customer":"Ada Lovelace","total":"12.00"}\n') == 2
    assert told.out.count('{"customer":"Bob","state":"refunded"}\n') == 2
    assert '/state   "open"' in told.out
    assert "1 with siblings (of 2 keys)" in told.err
    assert "no answer about s3://shop" in told.err
    assert told.out.endswith("the draft of the morning\n")
