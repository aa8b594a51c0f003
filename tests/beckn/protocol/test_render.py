"""Callbacks: each equals its golden message, is what we promise to write, and satisfies core 1.1.0."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from beckn.protocol import catalog_views as cv
from beckn.protocol import order_views as ov
from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.deg_v1.render_catalog import render_on_search
from beckn.protocol.deg_v1.render_order import render_on_select, render_on_update
from offers.engine.values import ValueType
from pricing.engine.values import LineKind, QuoteLine
from tests.beckn.protocol import callbacks, sale, samples, schemas

NAMES = (*sale.CALLBACKS, *callbacks.REFUSALS)
needs_core = pytest.mark.skipif(
    not schemas.CORE.exists(), reason=f"{len(NAMES)} callbacks not checked against core: the facts are not here"
)


def find(tags: list[dict[str, Any]], code: str) -> dict[str, str]:
    """Return the values of the only tag group of this code."""
    (group,) = [group for group in tags if group["descriptor"]["code"] == code]
    return {entry["descriptor"]["code"]: entry["value"] for entry in group["list"]}


@pytest.mark.parametrize("name", NAMES)
def test_a_callback_equals_its_golden_message(name: str) -> None:
    assert callbacks.rendered(name) == samples.golden(name)


@pytest.mark.parametrize("name", NAMES)
def test_a_callback_is_what_we_promise_to_write(name: str) -> None:
    body = callbacks.rendered(name)
    assert schemas.complaints(schemas.ours("callbacks.json", body["context"]["action"]), body) == []


@needs_core
def test_callbacks_satisfy_core_with_its_formats() -> None:
    found = {}
    for name in NAMES:
        body = callbacks.rendered(name)
        found[name] = schemas.complaints(schemas.core(body["context"]["action"]), body)
    assert found == {name: [] for name in NAMES}


@needs_core
def test_core_is_really_asked() -> None:
    body = samples.golden("on_select")
    body["context"]["timestamp"] = "2025:09:24:10:00:00"
    body["message"]["order"]["quote"]["id"] = "one"
    body["message"]["order"]["quote"]["price"]["value"] = 91.45
    paths = {line.split(": ")[0] for line in schemas.complaints(schemas.core("on_select"), body)}
    assert paths == {
        "$.context.timestamp",
        "$.message.order.quote.id",
        "$.message.order.quote.price.value",
    }


def test_every_golden_callback_is_told_here() -> None:
    assert {path.stem for path in samples.GOLDEN.glob("on_*.json")} == set(NAMES)


def test_the_notes_of_the_golden_messages_are_those_of_the_readme() -> None:
    table = (samples.GOLDEN / "README.md").read_text()
    for path in samples.GOLDEN.glob("*.json"):
        note = json.loads(path.read_text())
        assert f"| {path.stem} | {note['source']} | {' '.join(note['corrections'])} |\n" in table


@pytest.mark.parametrize("name", [name for name in NAMES if "quote" in json.dumps(samples.golden(name))])
def test_the_lines_of_a_golden_quote_add_up(name: str) -> None:
    order = samples.golden(name).get("message", {}).get("order")
    if order and "quote" in order:
        lines = [Decimal(line["price"]["value"]) for line in order["quote"]["breakup"]]
        assert sum(lines) == Decimal(order["quote"]["price"]["value"])


@pytest.mark.parametrize(
    ("name", "total"),
    [
        ("on_select", "91.45"),
        ("on_init", "91.45"),
        ("on_update", "94.64"),
        ("on_select_surge", "112.69"),
        ("on_init_surge", "112.69"),
        ("on_status", "65.96"),
        ("on_select_offer_refused", "64.90"),
        ("on_select_products", "150.45"),
    ],
)
def test_the_totals_are_the_worked_numbers(name: str, total: str) -> None:
    assert callbacks.rendered(name)["message"]["order"]["quote"]["price"] == {"currency": "INR", "value": total}


def test_discounts_are_negative_and_every_line_has_its_kind() -> None:
    breakup = callbacks.rendered("on_select_surge")["message"]["order"]["quote"]["breakup"]
    kinds = [(find(line["item"]["tags"], "line")["kind"], line["price"]["value"]) for line in breakup]
    assert kinds == [
        ("ENERGY", "90.00"),
        ("FEE", "10.00"),
        ("SURGE", "18.00"),
        ("DISCOUNT", "-22.50"),
        ("TAX", "17.19"),
    ]


def test_an_offer_has_no_price_at_the_provider_and_the_discounted_one_inline() -> None:
    (provider,) = callbacks.rendered("on_search")["message"]["catalog"]["providers"]
    assert "price" not in provider["offers"][0]
    inline = provider["items"][0]["offers"][0]
    assert inline["price"] == {"value": "13.50", "currency": "INR/kWh"}
    assert inline["id"] == provider["offers"][0]["id"]


def test_an_offer_of_an_amount_has_no_inline_price() -> None:
    flat = replace(samples.WEEKEND, value_type=ValueType.AMOUNT, value=Decimal("50"), value_cap=None)
    item = replace(samples.CHARGER, offers=(cv.InlineOfferView(flat),))
    provider = replace(samples.PROVIDER, items=(item,))
    catalog = render_on_search(cv.CatalogView((provider,)))["catalog"]
    inline = catalog["providers"][0]["items"][0]["offers"][0]
    assert "price" not in inline
    details = find(inline["tags"], "offer-details")
    assert (details["discount-type"], details["discount-value"]) == ("AMOUNT", "50.00")
    assert "max-discount" not in details


def test_a_code_that_must_be_known_is_not_given_away() -> None:
    secret = replace(samples.WEEKEND, requires_code=True, display_code="MEMBERS7")
    refused = replace(secret, validation=cv.OfferValidationView(False, reason_code="CODE_REQUIRED", reason="Code."))
    shown = replace(secret, validation=cv.OfferValidationView(True, discount=samples.inr("22.50")))
    catalog = cv.CatalogView((replace(samples.PROVIDER, offers=(secret,)),))
    assert "MEMBERS7" not in json.dumps(render_on_search(catalog))
    assert "MEMBERS7" not in json.dumps(render_on_select(replace(sale.CART, offers=(refused,))))
    (offer,) = render_on_select(replace(sale.CART, offers=(shown,)))["order"]["offers"]
    assert find(offer["tags"], "offer-validation")["offer-code"] == "MEMBERS7"


def test_a_discount_is_told_without_its_sign() -> None:
    used = replace(samples.WEEKEND, usage=cv.OfferUsageView(True, samples.inr("-23.40"), Decimal("25")))
    (offer,) = render_on_update(replace(sale.COMPLETED, offers=(used,)))["order"]["offers"]
    assert find(offer["tags"], "offer-usage") == {
        "offer-applied": "true",
        "discount-amount": "23.40",
        "savings-percentage": "25",
    }


def test_the_password_is_sent_once_and_kept_out_of_words() -> None:
    carrying = [name for name in NAMES if '"token"' in json.dumps(callbacks.rendered(name))]
    assert carrying == ["on_confirm"]
    assert "482913" not in repr(sale.ORDERED)


def test_amounts_are_rounded_half_up_and_never_minus_zero() -> None:
    line = QuoteLine("SURGE-1", LineKind.SURGE, "Exempt", samples.inr("-0.001"))
    other = QuoteLine("FEE-1", LineKind.FEE, "Fee", samples.inr("2.345"))
    quote = ov.QuoteView(samples.QUOTE_ID, samples.ESTIMATE.ttl, samples.inr("2.345"), (line, other))
    breakup = render_on_select(replace(sale.CART, quote=quote))["order"]["quote"]["breakup"]
    assert [entry["price"]["value"] for entry in breakup] == ["0.00", "2.35"]


def test_yen_have_no_decimals() -> None:
    item = replace(samples.WASH, price=Decimal("500"), currency="JPY")
    provider = replace(samples.PROVIDER, items=(item,))
    catalog = render_on_search(cv.CatalogView((provider,)))["catalog"]
    assert catalog["providers"][0]["items"][0]["price"] == {"value": "500", "currency": "JPY"}


@pytest.mark.parametrize(
    ("action", "view"),
    [("search", sale.CART), ("select", samples.CATALOG), ("track", sale.CART), ("discover", sale.RATING)],
)
def test_a_view_of_another_action_is_an_error_of_ours(action: str, view: ov.View) -> None:
    with pytest.raises(TypeError, match=f"on_{action} is not written"):
        DIALECT.render(action, view)


def test_a_rating_that_asks_nothing_more_is_an_empty_message() -> None:
    assert DIALECT.render("rating", ov.RatingView()) == {}


def test_an_error_joins_its_paths() -> None:
    assert DIALECT.render_error("30006", "The offer has ended.") == {"code": "30006", "message": "The offer has ended."}
    assert DIALECT.render_error("30000", "No.", ("$.a", "$.b"))["paths"] == "$.a,$.b"
