"""Where in a sale each golden request belongs, with that sale made in the database."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection
from django.utils import timezone

from beckn import keys, registry
from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.jsontext import read_json
from beckn.protocol.values import ProtocolFault, SessionChange
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Order
from cpo_portal.network.models import Product
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import BuyerApp
from tests.beckn.protocol import samples
from tests.world import make_offer, make_world

#: Everything about orders that a message can change, one row per order; failed OTPs are counted by design.
STATE = """
SELECT o.id, md5(concat_ws('|', to_jsonb(o) - 'otp_failures',
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM offers_redemption x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM offers_ledgerentry x JOIN offers_redemption r
        ON r.id = x.redemption_id WHERE r.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_payment x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_refund x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_chargingsession x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_orderline x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_orderevent x WHERE x.order_id = o.id),
    (SELECT jsonb_agg(to_jsonb(x) ORDER BY x.id) FROM charging_rating x WHERE x.order_id = o.id)))
FROM charging_order o
"""
#: No amount of money that the platform keeps is below zero.
NEGATIVE = """
SELECT count(*) FROM charging_order o LEFT JOIN charging_payment p ON p.order_id = o.id
LEFT JOIN charging_refund f ON f.order_id = o.id LEFT JOIN offers_redemption r ON r.order_id = o.id
WHERE least(o.quoted_amount, o.billed_amount, p.amount, f.amount, r.reserved, r.committed) < 0
"""


@dataclass(slots=True)
class Stage:
    """A sale that has come as far as its request needs: the buyer app, its order ("" before init) and its OTP."""

    action: str
    app: BuyerApp
    body: dict[str, Any]
    foreign_ids: list[str]
    order_id: str = ""
    otp: str = ""
    before: dict[uuid.UUID, str] = field(default_factory=dict)

    @property
    def transaction_id(self) -> str:
        return str(self.body["context"]["transaction_id"])

    def may_change(self, raw: bytes) -> bool:
        """Tell whether a message still says what may change this sale's order, in all that matters for it."""
        try:
            body = read_json(raw, refuse_duplicates=False)
            request = DIALECT.parse(self.action, body)
        except ProtocolFault:
            return False
        transaction_id = str(body["context"]["transaction_id"]).strip()
        return CHANGES.get(self.action, never)(self, request, transaction_id)

    def names_the_order(self, order_id: str, transaction_id: str) -> bool:
        return order_id.lower() == self.order_id if order_id else transaction_id == self.transaction_id


def never(stage: Stage, request: Any, transaction_id: str) -> bool:
    return False


def _init(stage: Stage, request: Any, transaction_id: str) -> bool:
    return True  # whatever a sound init asks for is an order; which, the test compares


def _confirm(stage: Stage, request: Any, transaction_id: str) -> bool:
    return transaction_id == stage.transaction_id


def _update(stage: Stage, request: Any, transaction_id: str) -> bool:
    if request.change is SessionChange.START and request.otp != stage.otp:
        return False
    return stage.names_the_order(request.order_id, transaction_id)


def _cancel(stage: Stage, request: Any, transaction_id: str) -> bool:
    return stage.names_the_order(request.order_id, transaction_id)


def _rating(stage: Stage, request: Any, transaction_id: str) -> bool:
    return transaction_id == stage.transaction_id and all(0 <= rating.value <= 5 for rating in request.ratings)


CHANGES: dict[str, Callable[[Stage, Any, str], bool]] = {
    "init": _init, "confirm": _confirm, "update": _update, "cancel": _cancel, "rating": _rating,
}  # fmt: skip


def _fresh(talk: Conversation) -> str:
    return ""


def _paid(talk: Conversation) -> str:
    talk.init("weekend-discount-25")
    talk.pay()
    return ""


def _confirmed(talk: Conversation) -> str:
    return talk.confirmed()


def _charging(talk: Conversation) -> str:
    otp = talk.confirmed()
    talk.update("start-charging", otp)
    talk.charge(3000, stop=False)
    return otp


def _complete(talk: Conversation) -> str:
    otp = talk.confirmed()
    talk.update("start-charging", otp)
    talk.charge(5200, stop=True)
    return otp


#: Golden request → what comes before it in a sale.
STAGES: dict[str, Callable[[Conversation], str]] = {
    "search": _fresh, "select": _fresh, "select_lenient": _fresh, "init": _fresh, "init_surge": _fresh,
    "confirm": _paid, "update_start": _confirmed, "cancel": _confirmed, "update_stop": _charging, "track": _charging,
    "status": _charging, "support": _complete, "rating": _complete,
}  # fmt: skip


def prepare(name: str) -> Stage:
    """Make the sale of a golden request, beside one of another CPO and another buyer app, and commit it."""
    registry.forget()
    keys.forget()
    here, there = _conversation(f"{name}.example", f"cpo-{name}.com"), _conversation("other.example", f"x-{name}.com")
    there.confirmed()
    otp = STAGES[name](here)
    order, other = _order_of(here), _order_of(there)
    stage = Stage(
        action=samples.golden(name)["context"]["action"],
        app=here.app,
        body=_fitted(name, here, str(order.pk) if order else "", otp),
        foreign_ids=_foreign(there, str(other.pk) if other else ""),
        order_id=str(order.pk) if order else "",
        otp=otp,
    )
    stage.before = orders()
    return stage


def orders() -> dict[uuid.UUID, str]:
    """Return a digest of the whole state of every order."""
    with every_cpo(), connection.cursor() as cursor:
        cursor.execute(STATE)
        return dict(cursor.fetchall())


def unlike(raw: bytes, new: set[uuid.UUID], callback: dict[str, Any]) -> list[str]:
    """Return how the one order that an init made differs from what the init said and its answer tells."""
    body = read_json(raw, refuse_duplicates=True)
    request: Any = DIALECT.parse("init", body)
    with every_cpo():
        made = list(Order.objects.filter(pk__in=new).select_related("cpo", "connector"))
    told = callback["message"]["order"]["quote"]["price"]
    said = (body["context"]["transaction_id"].strip(), request.selection.provider_id, request.selection.item_id)
    kept = [(order.transaction_id, order.cpo.provider_id, order.connector.item_id) for order in made]
    if kept != [said]:
        return [f"{kept} was made of {said}"]
    order = made[0]
    same = (order.quoted_amount, order.currency) == (Decimal(told["value"]), told["currency"])
    return [] if same else [f"told {told}, kept {order.quoted_amount}"]


def negative_amounts() -> int:
    with every_cpo(), connection.cursor() as cursor:
        cursor.execute(NEGATIVE)
        found: int = cursor.fetchone()[0]
        return found


def _conversation(bap_id: str, provider_id: str) -> Conversation:
    world = make_world(provider_id, item_id="pe-charging-01")
    make_offer(world.cpo)
    with cpo_scope(world.cpo):
        for product in ("car-wash", "coffee"):
            Product.objects.create(cpo=world.cpo, product_id=product, name=product, price="50")
    app = BuyerApp(bap_id, seed=bap_id.encode().ljust(32, b"b")[:32])
    app.register()
    return Conversation(world, app, str(uuid.uuid4()))


def _order_of(talk: Conversation) -> Order | None:
    with cpo_scope(talk.world.cpo):
        return Order.objects.filter(transaction_id=talk.transaction_id).first()


def _fitted(name: str, talk: Conversation, order_id: str, otp: str) -> dict[str, Any]:
    """Return the golden body with the names and times of this sale."""
    now = datetime.now(UTC).replace(microsecond=0)
    body = samples.golden(name)
    starts, ends = now + timedelta(hours=1), now + timedelta(hours=2)
    text = json.dumps(body, default=float)
    for old, new in (
        ("cpo1.com", talk.world.cpo.provider_id),
        ("order-001", order_id),
        ("482913", otp or "482913"),
        ("2025-09-27T10:00:00+05:30", starts.isoformat()),
        ("2025-09-27T11:00:00+05:30", ends.isoformat()),
        ("2025-09-27T16:00:00+05:30", ends.isoformat()),
        ("2025:09:27:10:00:00", starts.astimezone(ZoneInfo("Asia/Kolkata")).replace(tzinfo=None).isoformat()),
        ("2025:09:27:11:00:00+05:30", ends.isoformat()),
    ):
        text = text.replace(old, new)
    body = json.loads(text)
    body["context"] |= {
        "bap_id": talk.app.id,
        "bpp_id": settings.BECKN_BPP_ID,
        "bpp_uri": settings.BECKN_BPP_URI,
        "transaction_id": talk.transaction_id,
        "message_id": str(uuid.uuid4()),
        "timestamp": timezone.now().isoformat(),
        "ttl": "PT1H",
    }
    return dict(body)


def _foreign(there: Conversation, order_id: str) -> list[str]:
    return [
        there.world.cpo.provider_id, there.transaction_id, order_id, there.app.id, str(there.world.cpo.pk),
        str(uuid.uuid4()), "weekend-discount-25", "coffee", "pe-charging-01", "start-charging", "end-charging",
        "kWh", "INR", "minutes", "5",
    ]  # fmt: skip
