"""The hash of an offer's exact text: of all that it says, each number as it is written."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from hashlib import sha256

from offers.engine.codec import exact_hash, offer_hash, offer_to_json
from tests.offers.engine.samples import offer


def test_an_exact_hash_is_of_the_text_without_spaces_by_name_in_utf_8() -> None:
    terms = offer(name="Früh & spät", location_ids=frozenset({"a", "b"}))
    written = json.dumps(dict(sorted(offer_to_json(terms).items())), ensure_ascii=False, sort_keys=True)
    assert written.startswith('{"additive": false, "applicability": {"blackout_dates": []')
    text = written.replace(", ", ",").replace(": ", ":")
    assert exact_hash(terms) == sha256(text.encode()).hexdigest()


def test_an_exact_hash_tells_the_digits_of_one_number_apart() -> None:
    terms = offer(value="50")
    same = replace(terms, benefit=replace(terms.benefit, value=Decimal("50.00")))
    assert offer_hash(terms) == offer_hash(same)
    assert exact_hash(terms) != exact_hash(same)
