"""The envelope: dialects, contexts, staleness, answers at once, contexts of callbacks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from beckn.protocol import envelope
from beckn.protocol.errors import ErrorKind, code_for
from beckn.protocol.values import Context, Dialect, ProtocolFault
from tests.beckn.protocol import samples, schemas

NOW = datetime(2025, 9, 27, 4, 2, tzinfo=UTC)
ABSENT = object()


def body(**changes: Any) -> dict[str, Any]:
    """Return the golden select with changes to its context; ABSENT takes a member out."""
    message = samples.golden("select")
    message["context"] |= changes
    message["context"] = {name: value for name, value in message["context"].items() if value is not ABSENT}
    return message


def refusal(message: Any, action: str = "select", now: datetime = NOW) -> tuple[str, tuple[str, ...]]:
    """Return code and paths with which an envelope is refused."""
    with pytest.raises(ProtocolFault) as caught:
        envelope.parse_context(message, action, now)
    assert caught.value.message.endswith(".")
    return caught.value.code, caught.value.paths


def test_the_golden_context_is_read_to_exact_values() -> None:
    message = samples.golden("select")
    assert envelope.parse_context(message, "select", NOW) == Context(
        dialect=Dialect.DEG_V1,
        domain="deg:ev-charging",
        action="select",
        version="1.1.0",
        bap_id="example-bap.com",
        bap_uri="https://api.example-bap.com/pilot/bap/energy/v1",
        bpp_id="example-bpp.com",
        bpp_uri="https://example-bpp.com/pilot/bpp/energy/v1",
        transaction_id=samples.TRANSACTION,
        message_id="e138f204-ec0b-415d-9c9a-7b5bafe10b02",
        timestamp=NOW,
        ttl=timedelta(seconds=15),
        city="std:011",
        country="IND",
        raw=message["context"],
    )


@pytest.mark.parametrize("domain", ["deg:ev-charging", "ev-charging:uei", "dent:ev-charging", "dent:ev-charging:0.1.0"])
def test_every_domain_of_deg_v1_is_recognised(domain: str) -> None:
    assert envelope.recognise({"version": "1.1.0", "domain": domain}) is Dialect.DEG_V1


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"domain": "ONDC:RET10"}, "domain"),
        ({"domain": "deg:ev-charging:x"}, "domain"),
        ({"domain": "dent:ev-charging:"}, "domain"),
        ({"domain": ["deg:ev-charging"]}, "domain"),
        ({"version": "1.0.0"}, "version"),
        ({"version": "2.0.0"}, "version"),
        ({"version": 1}, "version"),
        ({"action": "init"}, "action"),
        ({"action": 7}, "action"),
        ({"bap_id": "x" * 256}, "bap_id"),
        ({"bap_id": "a\nb"}, "bap_id"),
        ({"bap_uri": "ftp://example.com"}, "bap_uri"),
        ({"bpp_uri": "example.com"}, "bpp_uri"),
        ({"transaction_id": 7}, "transaction_id"),
        ({"message_id": {"a": 1}}, "message_id"),
        ({"timestamp": "yesterday"}, "timestamp"),
        ({"timestamp": 1758945720}, "timestamp"),
        ({"ttl": "soon"}, "ttl"),
        ({"ttl": 30}, "ttl"),
        ({"location": "Delhi"}, "location"),
        ({"location": {"city": "std:011"}}, "location.city"),
        ({"location": {"city": {"code": 11}}}, "location.city.code"),
    ],
)
def test_a_wrong_context_is_an_invalid_request_at_its_path(change: dict[str, Any], path: str) -> None:
    assert refusal(body(**change)) == ("30000", (f"$.context.{path}",))


def test_all_missing_fields_are_named_at_once() -> None:
    message = body(bap_id=ABSENT, transaction_id="", timestamp=None, bpp_id=ABSENT)
    paths = tuple(f"$.context.{name}" for name in ("bap_id", "transaction_id", "timestamp", "bpp_id"))
    assert refusal(message) == ("30000", paths)


def test_only_a_search_may_leave_the_seller_out() -> None:
    context = envelope.parse_context(samples.golden("search"), "search", samples.at("04:00:00"))
    assert (context.bpp_id, context.bpp_uri) == ("", "")
    assert refusal(body(bpp_uri=ABSENT)) == ("30000", ("$.context.bpp_uri",))


@pytest.mark.parametrize("message", [{}, {"context": {}}, {"context": [], "message": {}}, {"context": None}])
def test_a_body_without_a_context_is_refused(message: Any) -> None:
    assert refusal(message)[0] == "30000"


def test_a_body_without_a_message_is_refused() -> None:
    assert refusal({**body(), "message": []}) == ("30000", ("$.message",))


@pytest.mark.parametrize("seconds", [-30, 0, 45])
def test_a_message_within_its_ttl_and_the_window_is_taken(seconds: int) -> None:
    # The golden select lives for 15 seconds; 30 more are allowed on either side.
    assert envelope.parse_context(body(), "select", NOW + timedelta(seconds=seconds)).timestamp == NOW


@pytest.mark.parametrize("seconds", [-31, 46, 86_400])
def test_a_message_outside_of_it_is_stale(seconds: int) -> None:
    assert refusal(body(), now=NOW + timedelta(seconds=seconds)) == ("40000", ("$.context.timestamp",))


def test_without_a_ttl_the_subscribers_default_counts() -> None:
    late = NOW + timedelta(minutes=5)
    assert refusal(body(ttl=ABSENT), now=late)[0] == "40000"
    context = envelope.parse_context(body(ttl=ABSENT), "select", late, default_ttl=timedelta(minutes=10))
    assert context.ttl is None


def test_the_colon_form_is_not_judged_by_its_age() -> None:
    later = NOW + timedelta(days=300)
    assert envelope.parse_context(body(timestamp="2025:09:24:10:00:00"), "select", later).timestamp is None
    dated = envelope.parse_context(body(timestamp="2025:09:24:10:00:00Z", ttl="15S"), "select", later)
    assert dated.timestamp == datetime(2025, 9, 24, 10, tzinfo=UTC)
    assert dated.ttl == timedelta(seconds=15)


def test_an_endless_ttl_does_no_harm() -> None:
    assert envelope.parse_context(body(ttl="P9999Y"), "select", NOW).ttl == timedelta(days=365 * 9999)


def test_the_answers_at_once_are_those_of_core() -> None:
    assert envelope.ack() == {"message": {"ack": {"status": "ACK"}}}
    assert envelope.nack("30000", "No item is ordered.", ("$.message.order.items", "$.message.order.offers")) == {
        "message": {"ack": {"status": "NACK"}},
        "error": {
            "code": "30000",
            "message": "No item is ordered.",
            "paths": "$.message.order.items,$.message.order.offers",
        },
    }


def test_a_callback_echoes_the_ids_and_brings_its_own_address_and_time() -> None:
    context = envelope.read_context(samples.golden("select")["context"])
    outer = envelope.callback_context(
        context,
        bpp_id="ours.example",
        bpp_uri="https://ours.example/beckn",
        timestamp=NOW,
        ttl=timedelta(minutes=15),
    )
    assert outer == {
        "domain": "deg:ev-charging",
        "action": "on_select",
        "location": {"country": {"code": "IND"}, "city": {"code": "std:011"}},
        "version": "1.1.0",
        "bap_id": "example-bap.com",
        "bap_uri": "https://api.example-bap.com/pilot/bap/energy/v1",
        "bpp_id": "ours.example",
        "bpp_uri": "https://ours.example/beckn",
        "transaction_id": samples.TRANSACTION,
        "message_id": "e138f204-ec0b-415d-9c9a-7b5bafe10b02",
        "timestamp": "2025-09-27T04:02:00.000Z",
        "ttl": "PT15M",
    }


def test_an_unsolicited_callback_takes_a_new_message_id_in_the_same_transaction() -> None:
    context = envelope.read_context(samples.golden("init")["context"])
    told = replace(context, action="status", message_id="new")
    outer = envelope.callback_context(told, bpp_id="b", bpp_uri="https://b.example", timestamp=NOW)
    assert (outer["action"], outer["transaction_id"], outer["message_id"]) == (
        "on_status",
        samples.TRANSACTION,
        "new",
    )
    assert "ttl" not in outer


def test_a_stored_context_is_read_again_whatever_its_age() -> None:
    raw = samples.golden("select")["context"]
    assert envelope.read_context(envelope.read_context(raw).raw) == envelope.parse_context(body(), "select", NOW)


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.INVALID_REQUEST, "30000"),
        (ErrorKind.PROVIDER_NOT_FOUND, "30001"),
        (ErrorKind.LOCATION_NOT_FOUND, "30002"),
        (ErrorKind.ITEM_NOT_FOUND, "30004"),
        (ErrorKind.OFFER_NOT_VALID, "30006"),
        (ErrorKind.OFFER_NOT_FULFILLABLE, "30006"),
        (ErrorKind.ORDER_NOT_FOUND, "30010"),
        (ErrorKind.BAD_CANCELLATION_REASON, "30011"),
        (ErrorKind.STALE_REQUEST, "40000"),
        (ErrorKind.QUOTE_UNAVAILABLE, "40003"),
        (ErrorKind.QUOTE_CHANGED, "40008"),
        (ErrorKind.CANCELLATION_NOT_POSSIBLE, "50001"),
    ],
)
def test_the_codes_of_deg_v1_are_those_of_the_table(kind: ErrorKind, code: str) -> None:
    assert code_for(Dialect.DEG_V1, kind) == code


def test_every_kind_of_error_has_a_code_and_ondc_offer_codes_change_one() -> None:
    assert all(code_for(Dialect.DEG_V1, kind).isdigit() for kind in ErrorKind)
    changed = {
        kind
        for kind in ErrorKind
        if code_for(Dialect.DEG_V1, kind, ondc_offer_codes=True) != code_for(Dialect.DEG_V1, kind)
    }
    assert changed == {ErrorKind.OFFER_NOT_FULFILLABLE}
    assert code_for(Dialect.DEG_V1, ErrorKind.OFFER_NOT_FULFILLABLE, ondc_offer_codes=True) == "30007"


@pytest.mark.skipif(not schemas.CORE.exists(), reason="2 answers not checked against core: the facts are not here")
@pytest.mark.parametrize("answer", [envelope.ack(), envelope.nack("30000", "No.", ("$",))], ids=["ack", "nack"])
def test_the_answers_satisfy_core(answer: dict[str, Any]) -> None:
    import yaml

    core = yaml.safe_load(schemas.CORE.read_text())["components"]["schemas"]
    assert answer["message"]["ack"]["status"] in core["Ack"]["properties"]["status"]["enum"]
    assert set(answer.get("error", {})) <= set(core["Error"]["properties"])
    assert all(isinstance(value, str) for value in answer.get("error", {}).values())
