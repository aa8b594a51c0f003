"""The buyer app's file: what is wrong with one is said in a sentence, and --url moves the portal's addresses."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from beckn.buyer.credentials import Unusable, read_credentials

KEY = base64.b64encode(bytes(32)).decode()
CONTENT: dict[str, Any] = {
    "portal_url": "http://127.0.0.1:8000",
    "bpp_id": "portal.example",
    "bpp_uri": "http://127.0.0.1:8000/beckn",
    "bpp_key_id": "k",
    "bpp_public_key": KEY,
    "bap_id": "bap.example",
    "key_id": "k",
    "seed": KEY,
    "callback_url": "http://127.0.0.1:8001/beckn",
    "provider_id": "cpo1.com",
    "item_id": "i",
    "offer_id": "o",
    "weekend_offer_id": "w",
    "gps": "28.6,77.2",
    "city_code": "std:011",
    "payment_notice_url": "http://127.0.0.1:8000/api/payments/cpo1.com/notices",
    "payment_secret": "s",
    "charging_token": "t",
    "charging_base": "http://127.0.0.1:8000/api/charging",
}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param(None, "cannot be read", id="no file"),
        pytest.param("{", "is no JSON", id="no JSON"),
        pytest.param("[]", "lacks portal_url", id="no object"),
        pytest.param(json.dumps(CONTENT | {"seed": ""}), "lacks seed", id="a field is empty"),
        pytest.param(json.dumps(CONTENT | {"seed": "abc"}), "seed in .* is not 32 bytes in base64", id="no key"),
    ],
)
def test_an_unusable_file_is_explained(tmp_path: Path, text: str | None, sentence: str) -> None:
    path = tmp_path / "buyer.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(Unusable, match=sentence):
        read_credentials(path)


def test_another_address_of_the_portal_moves_what_lies_at_it_and_leaves_the_callbacks(tmp_path: Path) -> None:
    path = tmp_path / "buyer.json"
    path.write_text(json.dumps(CONTENT | {"unknown": "ignored"}))
    moved = read_credentials(path).at("https://portal.example/")
    assert moved.portal_url == "https://portal.example"
    assert moved.payment_notice_url == "https://portal.example/api/payments/cpo1.com/notices"
    assert moved.charging_base == "https://portal.example/api/charging"
    assert (moved.callback_url, moved.port) == ("http://127.0.0.1:8001/beckn", 8001)
