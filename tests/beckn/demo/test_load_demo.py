"""The demonstration: complete, true to its tables, the same after a second run, and closed to other readers."""

from __future__ import annotations

import base64
import json
import re
import stat
from collections import Counter
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from beckn import keys
from beckn.demo import campaigns, sites
from beckn.demo.tables import CPOS, PEOPLE
from beckn.models import SigningKey, Subscriber
from beckn.protocol.signing import public_key_of
from cpo_portal.accounts.models import ApiToken, Cpo, Membership, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Order, PaymentGateway, RefundTerm
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location, Product
from offers.authoring import approve
from offers.models import LedgerEntry, Offer, OfferPolicy, OfferState
from offers.states import derived_state
from pricing.models import SurgeSchedule, SurgeVersion, Tariff, TariffAssignment
from pricing.surges.content import content_of
from pricing.surges.describe import amount_in_words, when_in_words, where_in_words

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

TABLES = (
    Cpo,
    Location,
    Charger,
    Connector,
    Product,
    Tariff,
    TariffAssignment,
    SurgeSchedule,
    SurgeVersion,
    Offer,
    User,
    Membership,
    RefundTerm,
)
STATES = {
    "weekend-discount-25": "LIVE",
    "weekend-special-25-any-day": "LIVE",
    "happy-hour-20": "LIVE",
    "night-owl-30": "LIVE",
    "airport-welcome-10": "LIVE",
    "mall-budget-15": "LIVE",
    "highway-special-10": "LIVE",
    "summer-2030": "SCHEDULED",
    "holiday-special-30": "PAUSED",
    "whitefield-launch": "ENDED",
    "flash-90": "WITHDRAWN",
    "republic-day": "ARCHIVED",
    "early-bird-15": "DRAFT",
    "capital-cities-5": "DRAFT",
    "bulk-40kwh": "IN_REVIEW",
    "opening-gift": "EXHAUSTED",
}


@pytest.fixture(autouse=True)
def home(settings: Any, tmp_path: Path) -> Path:
    settings.PORTAL_HOME = tmp_path
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    keys.forget()
    return tmp_path


@pytest.fixture(autouse=True)
def no_buyer_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORTAL_DEMO_BUYER_URL", raising=False)


def load(**options: Any) -> str:
    out = StringIO()
    call_command("load_demo", stdout=out, **options)
    return out.getvalue()


def file_of(home: Path, name: str = "buyer.json") -> dict[str, Any]:
    content: dict[str, Any] = json.loads((home / "demo" / name).read_text())
    return content


def everything() -> dict[str, Any]:
    """Return every row of the demonstration's tables, and how many movements the ledger has."""
    with every_cpo():
        rows: dict[str, Any] = {model.__name__: sorted(model.objects.values_list()) for model in TABLES}
        return rows | {"ledger": LedgerEntry.objects.count(), "orders": Order.objects.count()}


def state_at(offer: Offer, now: datetime) -> str:
    return derived_state(offer, offer.live_version, getattr(offer, "counter", None), now)


def test_it_has_two_cpos_forty_locations_and_a_hundred_and_fifty_connectors() -> None:
    load()
    with every_cpo():
        assert [Cpo.objects.count(), Location.objects.count(), Connector.objects.count()] == [2, 40, 150]
        assert Counter(Location.objects.values_list("cpo__provider_id", flat=True)) == {"cpo1.com": 24, "cpo2.com": 16}
        types = set(Connector.objects.values_list("connector_type", flat=True))
    assert types == {"CCS2", "CHADEMO", "TYPE2", "GB_T", "BHARAT_AC_001", "BHARAT_DC_001", "IS_17017_2_6"}


def test_every_row_of_the_network_is_one_that_the_admin_would_take() -> None:
    load()
    with every_cpo():
        for row in [*Location.objects.all(), *Charger.objects.all(), *Connector.objects.all(), *Product.objects.all()]:
            row.full_clean(exclude={"position"}, validate_unique=False, validate_constraints=False)


def test_every_location_lies_in_india_at_a_place_of_its_own() -> None:
    places = [site.values for cpo in CPOS for site in sites.read_sites(cpo)]
    coordinates = {(place["latitude"], place["longitude"]) for place in places}
    assert len(coordinates) == 40
    assert all(Decimal(8) < place["latitude"] < Decimal(32) for place in places)
    assert all(Decimal(72) < place["longitude"] < Decimal(92) for place in places)
    assert all(re.fullmatch(r"std:0\d{2,5}", place["city_code"]) for place in places)
    assert all(re.fullmatch(r"[1-8]\d{5}", place["postal_code"]) for place in places)


def test_a_second_run_changes_nothing_and_tells_no_password() -> None:
    first = load()
    before, files = everything(), [file_of(Path(home), name) for home, name in _files()]
    second = load()
    assert everything() == before
    assert [file_of(Path(home), name) for home, name in _files()] == files
    assert first.count("\n") > 8
    assert second == (
        "Demo logins: owner@cpo1.example and others; their passwords were shown at the first start "
        "(./portal manage changepassword E-MAIL sets a new one).\n"
    )


def test_a_second_run_only_reads() -> None:
    load()
    with CaptureQueriesContext(connection) as queries:
        load()
    statements = {query["sql"].split()[0] for query in queries}
    assert statements <= {"SELECT", "SAVEPOINT", "RELEASE"}


def _files() -> list[tuple[Path, str]]:
    from django.conf import settings

    return [(settings.PORTAL_HOME, "buyer.json"), (settings.PORTAL_HOME, "second-buyer.json")]


def test_the_passwords_that_are_shown_open_the_doors_and_are_stored_hashed() -> None:
    shown = dict(re.findall(r"^(\S+@\S+)\s+(\S+)", load(), re.MULTILINE))
    assert set(shown) == {row.email for row in PEOPLE}
    for email, password in shown.items():
        user = User.objects.get(email=email)
        assert user.check_password(password)
        assert password not in user.password


def test_each_person_has_one_role_and_only_the_operator_sees_all() -> None:
    load()
    with every_cpo():
        members = set(Membership.objects.values_list("user__email", "cpo__provider_id", "role"))
    assert members == {
        ("owner@cpo1.example", "cpo1.com", "OWNER"),
        ("manager@cpo1.example", "cpo1.com", "MANAGER"),
        ("analyst@cpo1.example", "cpo1.com", "ANALYST"),
        ("owner@cpo2.example", "cpo2.com", "OWNER"),
        ("manager@cpo2.example", "cpo2.com", "MANAGER"),
    }
    assert set(User.objects.filter(is_superuser=True).values_list("email", flat=True)) == {"operator@portal.example"}


def test_there_is_an_offer_in_every_state() -> None:
    load()
    with every_cpo():
        offers = Offer.objects.select_related("live_version", "counter")
        states = {offer.offer_id: state_at(offer, timezone.now()) for offer in offers}
    assert states == STATES
    assert set(OfferState.values) - {"APPROVED"} <= set(states.values())


def test_the_offer_in_review_was_submitted_by_the_manager_and_the_owner_approves_it() -> None:
    load()
    with every_cpo():
        offer = Offer.objects.select_related("cpo").get(offer_id="bulk-40kwh")
        owner = User.objects.get(email="owner@cpo2.example")
    with cpo_scope(offer.cpo):
        with pytest.raises(ValidationError, match="You wrote or submitted this draft"):
            approve(offer, by=User.objects.get(email="manager@cpo2.example"))
        assert approve(offer, by=owner).state == "APPROVED"
        assert list(OfferPolicy.objects.values_list("review_required", flat=True)) == [True]


def test_an_offer_that_a_later_release_brings_is_left_to_the_reviews_of_staff() -> None:
    load()
    with every_cpo():
        offer = Offer.objects.select_related("cpo").get(offer_id="highway-special-10")
    with cpo_scope(offer.cpo):
        Offer.objects.filter(pk=offer.pk).update(offer_id="highway-special-of-old")
    load()
    with cpo_scope(offer.cpo):
        assert Offer.objects.get(offer_id="highway-special-10").state == "DRAFT"


def test_the_live_offers_stay_live_and_the_scheduled_ones_scheduled_for_years() -> None:
    load()
    with every_cpo():
        offers = Offer.objects.select_related("live_version", "counter")
        for year in (2026, 2027, 2028, 2029):
            then = datetime(year, 12, 31, 12, tzinfo=campaigns.INDIA)
            assert (year, {offer.offer_id: state_at(offer, then) for offer in offers}) == (year, STATES)


def test_the_exhausted_offer_was_used_by_a_billed_order() -> None:
    load()
    with every_cpo():
        order = Order.objects.get()
        entries = LedgerEntry.objects.filter(offer__offer_id="opening-gift")
        moves = list(entries.values_list("kind", "amount", "redemption__order"))
    assert (order.state, order.quoted_amount, order.billed_amount) == (
        "COMPLETE",
        Decimal("353.9900"),
        Decimal("342.0200"),
    )
    assert moves == [("RESERVE", Decimal(100), order.pk), ("COMMIT", Decimal(100), order.pk)]


def test_what_staff_changed_since_is_left_alone() -> None:
    from offers.authoring import pause

    load()
    with every_cpo():
        cpo = Cpo.objects.get(provider_id="cpo1.com")
        pause(Offer.objects.select_related("cpo").get(offer_id="weekend-discount-25"))
        Location.objects.filter(location_id="delhi-saket").update(name="Renamed")
    load()
    with cpo_scope(cpo):
        assert Offer.objects.get(offer_id="weekend-discount-25").state == "PAUSED"
        assert Location.objects.get(location_id="delhi-saket").name == "Renamed"


def test_the_buyers_files_are_closed_and_hold_live_keys(home: Path) -> None:
    load()
    for name, bap_id in (("buyer.json", "demo-bap.example"), ("second-buyer.json", "second-bap.example")):
        assert stat.S_IMODE((home / "demo" / name).stat().st_mode) == 0o600
        content = file_of(home, name)
        key = SigningKey.objects.get(subscriber__subscriber_id=bap_id)
        assert (content["bap_id"], content["key_id"]) == (bap_id, key.key_id)
        assert public_key_of(base64.b64decode(content["seed"])) == bytes(key.public_key)
        assert base64.b64decode(content["bpp_public_key"]) == keys.own_key().public_key
        assert not Subscriber.objects.get(subscriber_id=bap_id).sandbox


def test_a_new_address_is_taken_over_and_nothing_else_changes(
    home: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load()
    before = file_of(home)
    settings.BASE_URL = "http://127.0.0.1:9100"
    settings.BECKN_BPP_URI = "http://127.0.0.1:9100/beckn"
    monkeypatch.setenv("PORTAL_DEMO_BUYER_URL", "http://127.0.0.1:9101/beckn")
    load()
    assert file_of(home) == before | {
        "portal_url": "http://127.0.0.1:9100",
        "bpp_uri": "http://127.0.0.1:9100/beckn",
        "callback_url": "http://127.0.0.1:9101/beckn",
        "payment_notice_url": "http://127.0.0.1:9100/api/payments/cpo1.com/notices",
        "charging_base": "http://127.0.0.1:9100/api/charging",
    }
    urls = dict(Subscriber.objects.filter(role="BAP").values_list("subscriber_id", "callback_url"))
    assert urls == {
        "demo-bap.example": "http://127.0.0.1:9101/beckn",
        "second-bap.example": "http://127.0.0.1:9102/beckn",
    }


def test_without_an_address_of_its_own_the_buyer_listens_beside_the_portal(home: Path, settings: Any) -> None:
    settings.BASE_URL = "http://127.0.0.1:9300"
    load()
    assert file_of(home)["callback_url"] == "http://127.0.0.1:9301/beckn"


def test_a_lost_file_gets_new_secrets_and_the_old_token_ends(home: Path) -> None:
    load()
    before = file_of(home)
    for path in (home / "demo").iterdir():
        path.unlink()
    load()
    after = file_of(home)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"seed", "key_id", "charging_token"}
    with every_cpo():
        tokens = ApiToken.objects.order_by("pk")
        assert [token.revoked_at is None for token in tokens] == [False, True]


def test_a_revoked_key_is_replaced(home: Path) -> None:
    load()
    before = file_of(home)
    SigningKey.objects.filter(subscriber__subscriber_id="demo-bap.example").update(revoked_at=timezone.now())
    load()
    changed = {name for name, value in file_of(home).items() if before[name] != value}
    assert changed == {"seed", "key_id"}


def test_an_open_file_is_closed_again(home: Path) -> None:
    load()
    (home / "demo/buyer.json").chmod(0o644)
    load()
    assert stat.S_IMODE((home / "demo/buyer.json").stat().st_mode) == 0o600


def test_it_stays_out_of_production_unless_it_is_forced(settings: Any) -> None:
    settings.PRODUCTION, settings.ALLOW_SIMULATED_CHARGING = True, False
    with pytest.raises(CommandError, match="add --force"):
        load()
    assert not Cpo.objects.exists()
    load(force=True)
    with every_cpo():
        assert Location.objects.count() == 40
        assert not ChargingSystem.objects.filter(is_simulated=True).exists()
        assert not Order.objects.exists()


def test_each_cpo_has_a_gateway_whose_secret_only_the_file_tells(home: Path) -> None:
    load()
    secret = file_of(home)["payment_secret"]
    with every_cpo():
        assert PaymentGateway.objects.count() == 2
        sealed = bytes(PaymentGateway.objects.get(cpo__provider_id="cpo1.com").sealed_secret)
    assert secret.encode() not in sealed


def test_surges_are_announced_by_the_day_before_they_take_effect() -> None:
    load()
    with every_cpo():
        versions = list(SurgeVersion.objects.select_related("schedule").order_by("schedule__schedule_id"))
        told = {
            x.schedule.schedule_id: (
                amount_in_words(content_of(x), "INR"),
                when_in_words(content_of(x)),
                where_in_words(content_of(x).scope),
            )
            for x in versions
        }
    assert told == {
        "congestion": ("₹1.00 per kWh", "every day 18:00–21:00", "at places tagged airport"),
        "weekend-return": (
            "10 % of the energy price, at most ₹60.00 per session",
            "Sundays 16:00–22:00",
            "at places tagged highway",
        ),
    }
    assert {x.effective_from - x.published_at for x in versions if x.effective_from and x.published_at} == {
        timedelta(hours=24)
    }
