"""Two CPOs with a row of every kind, and everybody who might come: the own CPO's members, outsiders, machines."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from axes.models import AccessAttempt
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from beckn.hold import hold_callbacks
from beckn.models import InboundMessage, NetworkProfile, Subscriber
from beckn.outbox import enqueue_callback
from cpo_portal.accounts.models import Cpo, Membership, Role, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.accounts.tokens import create_token, revoke_token
from cpo_portal.charging.imports.jobs import Author, import_contacts, import_customers
from cpo_portal.charging.models import ChargingSession, Customer, NamedList, Order
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location, Product, ProductStock
from cpo_portal.network.systems import create_system_token
from offers.engine.codec import offer_to_json
from offers.mapping import offer_terms
from offers.models import BacktestRun, OfferImport, OfferPolicy, OfferVersion, Referral
from offers.ordering.cancel import CancelledBy, cancel
from offers.referrals.codes import code_of
from pricing.demand.deciding import decide_due
from pricing.engine.values import SurgeBasis
from pricing.models import DemandReplay, HolidayCalendar, PriceCeiling, Signal, SurgePolicy, SurgeSchedule, Tariff
from pricing.surges import schedules
from pricing.surges.content import SurgeContent
from pricing.surges.signals import announce
from tests.offers.codes.coded import make_coded_offer
from tests.offers.ordering.sale import Sale
from tests.people import make_member
from tests.prepaid import SARAH, credit, family
from tests.pricing.demand.samples import live_policy
from tests.world import World, make_offer, make_world

#: Stands in every name and id of the other CPO: a page that shows it to the own CPO's people has a hole.
MARK = "gridgo"
#: A row that does not exist.
NO_NUMBER, NO_UUID, NO_NAME = 987_654_321, uuid.UUID(int=7), "no-such-thing"

MEMBERS = ("owner", "manager", "analyst")
PEOPLE = (*MEMBERS, "stranger", "operator", "anonymous")


@dataclass
class Side:
    """One CPO, its rows by model label, and its API tokens' texts by actor."""

    world: World
    name: str
    tokens: dict[str, str] = field(default_factory=dict)
    rows: dict[str, Model] = field(default_factory=dict)

    @property
    def cpo(self) -> Cpo:
        return self.world.cpo


@dataclass
class Stage:
    """The own CPO, the other one, and the sessions of the people (session cookies by name)."""

    here: Side
    there: Side
    cookies: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=list)
    #: The hashes of all tables as the stage was set.
    tables: dict[str, str] = field(default_factory=dict)

    def browser(self, person: str) -> Client:
        """Return a new browser in which the person is signed in: no message of an earlier page is left in it."""
        client = Client(raise_request_exception=False)
        if person != "anonymous":
            client.cookies["sessionid"] = self.cookies[person]
        return client


def set_stage() -> Stage:
    """Make both CPOs, their rows and the people."""
    stage = Stage(_side("voltway"), _side(MARK))
    _platform_rows()
    people = {name: make_member(stage.here.cpo, name, Role[name.upper()]) for name in MEMBERS}
    people["outsider"] = make_member(stage.there.cpo, f"{MARK}-owner", Role.OWNER)
    people["stranger"] = User.objects.create_user("stranger@example.com")
    people["operator"] = User.objects.create_superuser("operator@example.com")
    for name, user in people.items():
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        session = client.session
        session["cpo"] = stage.here.cpo.pk  # the operator works for the own CPO; others may not choose
        session.save()
        stage.cookies[name] = client.cookies["sessionid"].value
    for side in (stage.here, stage.there):
        _tokens(side)
        _find_rows(side, people["owner" if side is stage.here else "outsider"])
    stage.secrets = _unmistakable(stage.there)
    stage.tables = all_tables()
    return stage


def _side(name: str) -> Side:
    world = make_world(f"{name}.com", item_id=f"{name}-item")
    Cpo.objects.filter(pk=world.cpo.pk).update(
        name=name.title(), support_email=f"help@{name}.com", short_desc=f"{name} charges"
    )
    world.cpo.refresh_from_db()
    with cpo_scope(world.cpo):
        Location.objects.update(name=f"{name} depot", location_id=f"{name}-place", city=f"{name} city", tags=[name])
        Charger.objects.update(name=f"{name} charger", evse_id=f"{name}-evse")
        ChargingSystem.objects.update(name=f"{name} csms")
        Tariff.objects.update(name=f"{name} tariff", tariff_id=f"{name}-tariff")
        product = Product.objects.create(
            cpo=world.cpo, product_id=f"{name}-tea", name=f"{name} tea", price=Decimal(20), category=name
        )
        product.locations.set(Location.objects.all())
        ProductStock.objects.create(product=product, units=5)
        NetworkProfile.objects.create(cpo=world.cpo)
        OfferPolicy.objects.create(cpo=world.cpo)
        PriceCeiling.objects.create(
            cpo=world.cpo, ceiling_id=f"{name}-cap", name=f"{name} cap", maximum_rate=Decimal(99)
        )
        HolidayCalendar.objects.create(cpo=world.cpo, calendar_id=f"{name}-days", name=f"{name} days")
    _follow_demand(world, name)
    named = {"name": f"{name} special", "display_code": f"{name.upper()}25"}
    offer = make_offer(world.cpo, f"{name}-offer", uses_per_customer=5, total_uses=9, **named)
    with cpo_scope(world.cpo):
        OfferVersion.objects.create(
            cpo=world.cpo, offer=offer, number=2, valid_from=timezone.now(), valid_until=timezone.now(),
            value_type="percent", value=Decimal(20), campaign_kind="WEEKEND_SPECIAL", **named,
        )  # fmt: skip
        BacktestRun.objects.create(
            cpo=world.cpo, offer=offer, version_number=1, since=timezone.now(), until=timezone.now(),
            terms=offer_to_json(offer_terms(offer, offer.versions.get(number=1))), state="FAILED", error=f"{name} fell",
        )  # fmt: skip
        OfferImport.objects.create(cpo=world.cpo, total=1, state="FAILED", reason=f"{name} fell")
    make_coded_offer(world.cpo, f"{name.upper()}-CODE", offer_id=f"{name}-coded", name=f"{name} coded")
    side = Side(world, name)
    _tell_apart(side)
    _surge(side)
    _sell(side)
    _refer(side)
    credit(world.cpo, "50", name=f"{name} credit", customer=None, group=family(world.cpo, SARAH, name=f"{name} family"))
    return side


def _follow_demand(world: World, name: str) -> None:
    """Switch a demand policy on, decide once by it, and let a back-test of it have failed."""
    named = {"policy_id": f"{name}-busy", "name": f"{name} busy fee", "explanation": f"{name} is busy"}
    policy = live_policy(world.cpo, **named)
    decide_due()
    with cpo_scope(world.cpo):
        DemandReplay.objects.create(
            cpo=world.cpo, policy=policy, rules=policy.rules, location_ids=[f"{name}-place"], since=timezone.now(),
            until=timezone.now(), state="FAILED", error=f"{name} fell",
        )  # fmt: skip


def _tell_apart(side: Side) -> None:
    """Make a named list with a contact, a segment that asks for it, and a record of a customer."""
    with cpo_scope(side.cpo):
        fleet = NamedList.objects.create(cpo=side.cpo, list_id=f"{side.name}-fleet", name=f"{side.name} fleet")
    author = Author(token=side.name[:12])
    import_contacts(fleet, b"phone\n9876543210", replaces=False, dry_run=False, author=author)
    import_customers(side.cpo, f"phone,tier\n9876543210,{side.name}".encode(), dry_run=False, author=author)
    condition = {"fact": "LIST", "values": [f"{side.name}-fleet"]}
    save_segment(side.cpo, SegmentContent(f"{side.name}-drivers", f"{side.name} drivers", (condition,)))


def _surge(side: Side) -> None:
    """Publish a surge with a draft beside it, and enter a signal."""
    name, cpo, now = side.name, side.cpo, timezone.now()
    said = SurgeContent(basis=SurgeBasis.PER_KWH, value=Decimal(1), explanation=f"{name} is busy")
    named = {"schedule_id": f"{name}-surge", "name": f"{name} surge", "kind": "RUSH_HOURS"}
    schedule = schedules.create_schedule(SurgeSchedule(cpo=cpo, **named), said)
    schedules.publish(schedule)
    schedules.save_draft(schedule, replace(said, value=Decimal(2)))
    what = {"signal_id": f"{name}-storm", "kind": "WEATHER", "title": f"{name} storm", "source": f"{name} met office"}
    announce(Signal(cpo=cpo, starts_at=now, ends_at=now + timedelta(days=1), **what), now)
    with cpo_scope(cpo):
        SurgePolicy.objects.create(cpo=cpo)


def _sell(side: Side) -> None:
    """Sell three times: one order was cancelled and is paid back, one waits for its start, one charges."""
    with cpo_scope(side.cpo):
        gateway, secret = create_gateway(
            side.cpo, name=f"{side.name} pay", pay_url=f"https://{side.name}.com/$transaction_id"
        )
    for number, fate in enumerate(("cancelled", "waiting", "charging")):
        sale = Sale(side.world, secret, gateway)
        sale.init(transaction_id=f"{side.name}-t{number}")
        sale.pay()
        otp = sale.confirm()
        with cpo_scope(side.cpo), transaction.atomic():
            order = sale.fresh()
            order.contact.name = f"{side.name} driver"
            order.contact.save()
            if fate == "cancelled":
                cancel(order, by=CancelledBy.PROVIDER, reason=f"{side.name} closed", now=timezone.now())
        if fate != "cancelled":
            sale.start(otp)
        if fate == "charging":
            sale.charge(1000, stop=False)
            with cpo_scope(side.cpo):
                ChargingSession.objects.update(session_id=f"{side.name}-session")
        _messages(side, sale)


def _refer(side: Side) -> None:
    """Let the driver of the orders have come by another customer's code."""
    with cpo_scope(side.cpo):
        order = Order.objects.get(state="ACTIVE", fulfillment_state="ACTIVE")
        assert order.customer is not None
        code = code_of(Customer.objects.create(cpo=side.cpo))
        Referral.objects.create(
            cpo=side.cpo, code=code, friend=order.customer, order=order, referrer_reward=100, friend_reward=50,
            currency="INR", expires_at=timezone.now(),
        )  # fmt: skip


def _messages(side: Side, sale: Sale) -> None:
    assert sale.order is not None
    names = {"bap_id": f"{side.name}-bap", "transaction_id": sale.order.transaction_id, "cpo": side.cpo}
    subscriber, _ = Subscriber.objects.get_or_create(subscriber_id="bap.example", role="BAP")
    now = timezone.now()
    inbound = InboundMessage.objects.create(
        dialect="deg_v1", domain="deg", version="1.1.0", action="select", message_id=f"{side.name}-m",
        subscriber=subscriber, body_hash=b"x", body_id=uuid.uuid4(), body_at=now, ttl_until=now,
        order_ref=sale.order.pk, **names,
    )  # fmt: skip
    enqueue_callback(
        message_id=f"{side.name}-m", action="on_select", body={"said": f"{side.name} body"},
        expires_at=now + timedelta(hours=1), inbound=inbound, order_ref=sale.order.pk, **names,
    )  # fmt: skip


def _platform_rows() -> None:
    hold_callbacks("hold-of-the-stage", "Restored from a backup.")
    AccessAttempt.objects.create(
        username=f"{MARK}@typo.com", ip_address="10.0.0.9", user_agent=MARK, attempt_time=timezone.now(),
        get_data="", post_data="", http_accept="", path_info="/admin/", failures_since_start=3,
    )  # fmt: skip


def _tokens(side: Side) -> None:
    for scope in TokenScope:
        side.tokens[scope.value], revoked = (
            create_token(side.cpo, name=f"{side.name} {scope}", scope=scope)[1],
            create_token(side.cpo, name=f"{side.name} old {scope}", scope=scope)[0],
        )
        assert revoke_token(revoked, timezone.now())
    dead, side.tokens["REVOKED"] = create_token(side.cpo, name=f"{side.name} dead", scope=TokenScope.STAFF)
    assert revoke_token(dead, timezone.now())
    past = timezone.now() - timedelta(minutes=1)
    _, side.tokens["EXPIRED"] = create_token(side.cpo, name=f"{side.name} e", scope=TokenScope.STAFF, expires_at=past)
    side.tokens["SYSTEM"] = create_system_token(side.world.system)


def _find_rows(side: Side, member: User) -> None:
    """Choose a row for each page of the admin, and say in its history who made it."""
    from django.contrib import admin

    with cpo_scope(side.cpo):
        for model in admin.site._registry:
            rows = model._default_manager.all()
            names = {column.name for column in model._meta.concrete_fields}
            if model is User:
                row: Model | None = member
            elif model is Membership:
                row = Membership.objects.order_by("-pk")[0]  # not the last owner, whom nobody may remove
            elif model is Cpo:
                row = side.cpo
            elif model is Order:
                row = Order.objects.get(state="ACTIVE", fulfillment_state="ACTIVE")
            else:
                row = (rows.filter(cpo=side.cpo) if "cpo" in names else rows).order_by("pk").first()
            assert row is not None, f"set the stage with a {model._meta.label}"
            side.rows[model._meta.label_lower] = row
            LogEntry.objects.create(
                user=member, content_type=ContentType.objects.get_for_model(model), object_id=str(row.pk),
                object_repr=f"{side.name} row", action_flag=ADDITION, change_message=f"{side.name} made it",
            )  # fmt: skip


def _unmistakable(side: Side) -> list[str]:
    """Return what names the CPO in a page: its mark, and the keys of its rows where they are no plain numbers."""
    with cpo_scope(side.cpo):
        found = {str(row.pk) for row in side.rows.values() if not str(row.pk).isdigit()}
        found |= {str(pk) for pk in Order.objects.values_list("pk", flat=True)}
        found |= {str(pk) for pk in Connector.objects.values_list("item_id", flat=True)}
    return [MARK, *sorted(found)]


def missing_key(model: type[Model]) -> Any:
    """Return a key of the model's kind that no row has."""
    return NO_UUID if model._meta.pk.get_internal_type() == "UUIDField" else NO_NUMBER


#: What requests write although they change nothing: sessions, and when a token was used.
_HASHES = """
SELECT format('SELECT %%L, md5(coalesce(string_agg(md5((to_jsonb(t) - ''last_used_at'')::text), '''' ORDER BY
    md5((to_jsonb(t) - ''last_used_at'')::text)), '''')) FROM %%I AS t', relname, relname)
FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    AND relname <> 'django_session'
"""
_STATEMENT: list[str] = []


def all_tables() -> dict[str, str]:
    """Return a hash of the rows of each table."""
    with every_cpo(), connection.cursor() as cursor:
        if not _STATEMENT:
            cursor.execute(_HASHES.replace("%%", "%"))
            _STATEMENT.append(" UNION ALL ".join(row[0] for row in cursor.fetchall()))
        cursor.execute(_STATEMENT[0])
        return dict(cursor.fetchall())


def text_of(answer: Any) -> str:
    """Return the text of an answer, also of one that is written while it is sent."""
    return (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()


def masked(text: str, *keys: Any) -> str:
    """Return the text with the row's key and what is random in every page masked."""
    text = re.sub(
        r'(csrfmiddlewaretoken" value="|X-CSRFToken&quot;: &quot;|"X-CSRFToken": ")[A-Za-z0-9]+', r"\1•", text
    )
    for key in sorted((str(key) for key in keys), key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(key)}(?![\w-])", "KEY", text)
    return text
