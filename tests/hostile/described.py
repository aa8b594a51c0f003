"""Asks the APIs what they describe of themselves, with the names that a CPO's rows have and with the right token."""

from __future__ import annotations

import io
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import schemathesis
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.db import connection, transaction
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from hypothesis import seed as hypothesis_seed
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation.hypothesis.builder import HypothesisTestConfig, HypothesisTestMode, create_test
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, ContactImport, Customer, Order, Payment, PaymentGateway
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import rotate_secret
from tests.tenancy.stage import Side, Stage, all_tables

CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance, status_code_conformance]
SETTINGS = settings(deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
READING = {"GET", "HEAD", "OPTIONS", "TRACE"}
StartResponse = Callable[..., Any]


class Asker:
    """Sends made-up requests and remembers what was answered; each finds the stage as it was set, and is undone.

    `complaints` says what should not have happened, with the request as a command; `asked` counts the answers of each
    operation by their status.
    """

    def __init__(self, stage: Stage) -> None:
        self.asked: dict[str, Counter[int]] = defaultdict(Counter)
        self.complaints: list[str] = []
        app = caller(stage)
        self.namer = Namer(names(stage.here), random.Random(1))
        self.schema = schemathesis.openapi.from_dict(described())
        self.schema.app = app
        self.before = all_tables()

    def operations(self) -> Iterator[Any]:
        """Return everything that the description names."""
        return (found.ok() for found in self.schema.get_all_operations())

    def ask(self, operation: Any, *, count: int, boundaries: bool = False, seed: int = 1) -> None:
        """Ask for one operation `count` times at random, by the seed, and with the boundaries of all its values."""
        modes = [HypothesisTestMode.FUZZING] + ([HypothesisTestMode.COVERAGE] if boundaries else [])
        config = HypothesisTestConfig(self.schema.config, modes)
        # Given here, for schemathesis gives no seed to a test that is to be the same each time.
        test = hypothesis_seed(seed)(settings(SETTINGS, max_examples=count)(self._sender()))
        create_test(operation=operation, test_func=test, config=config)()

    def unheard(self) -> list[str]:
        """Return the operations that never did what they are for."""
        return [label for label, statuses in self.asked.items() if not any(status < 300 for status in statuses)]

    def _sender(self) -> Callable[[schemathesis.Case], None]:
        """Return a plain function: its attributes are where settings are kept."""

        def send(case: schemathesis.Case) -> None:
            self._send(case)

        return send

    def _send(self, case: schemathesis.Case) -> None:
        found: list[str] = []
        self.namer.name(case)
        try:
            with transaction.atomic():
                response = case.call()
                self.asked[case.operation.label][response.status_code] += 1
                with connection.cursor() as cursor:
                    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
                if response.status_code >= 400 or case.method in READING:
                    after = all_tables()
                    changed = sorted(table for table in after if after[table] != self.before[table])
                    found += [f"{response.status_code} and yet {changed} changed"] if changed else []
                case.validate_response(response, checks=CHECKS)
                transaction.set_rollback(True)
        except FailureGroup as group:
            found += [f"{type(failure).__name__} {failure}" for failure in group.exceptions]
        except Exception as error:  # noqa: BLE001  whatever it is, the request that caused it is worth knowing
            found.append(f"raised {error!r}")
        self.complaints += [
            f"{case.operation.label}: {complaint}\n    {case.as_curl_command()[:3000]}" for complaint in found
        ]


def described() -> dict[str, Any]:
    """Return the APIs' description without its tokens: the caller has the right one."""
    document: dict[str, Any] = SchemaGenerator().get_schema(public=True)
    document["components"].pop("securitySchemes")
    for path in document["paths"].values():
        for operation in path.values():
            operation.pop("security", None)
    return document


@dataclass(slots=True)
class Namer:
    """Puts values that mean something to the CPO where a made-up request has others; mostly, the same way each time."""

    known: dict[str, list[Any]]
    chance: random.Random

    def name(self, case: schemathesis.Case) -> None:
        """Name rows that there are: nearly every other request would be of one that there is none of."""
        for key in case.path_parameters or {}:
            if key in self.known and self.chance.random() < 0.8:
                case.path_parameters[key] = self.known[key][0]
        self._name_in(case.query, 0.5)
        self._name_in(case.body, 0.8)

    def _name_in(self, holder: Any, often: float) -> None:
        if isinstance(holder, list):
            for entry in holder:
                self._name_in(entry, often)
        if not isinstance(holder, dict):
            return
        for key, value in holder.items():
            if key not in self.known or self.chance.random() >= often:
                self._name_in(value, often)
            elif isinstance(value, list):
                holder[key] = [self.chance.choice(self.known[key])]
            else:
                holder[key] = self.chance.choice(self.known[key])


def names(side: Side) -> dict[str, list[Any]]:
    """Return, by parameter or property, values with which something happens; the first is of a row that there is."""
    name, now = side.name, timezone.now().replace(microsecond=0)
    with cpo_scope(side.cpo):
        orders = [str(key) for key in Order.objects.order_by("transaction_id").values_list("pk", flat=True)]
        payments = [str(key) for key in Payment.objects.order_by("created_at").values_list("pk", flat=True)]
        imports = [str(key) for key in ContactImport.objects.order_by("created_at").values_list("pk", flat=True)]
        customer = str(Customer.objects.values_list("pk", flat=True)[0])
        started = ChargingSession.objects.get(session_id=f"{name}-session").started_at
    moments = [(started + timedelta(minutes=minutes)).isoformat() for minutes in (0, 5, 15)]
    place, item, new = f"{name}-place", f"{name}-item", "new-one"
    return {
        "provider_id": [side.cpo.provider_id],
        "location_id": [place, new], "location": [place], "locations": [place], "location_ids": [place],
        "evse_id": [f"{name}-evse", new], "charger": [f"{name}-evse"],
        "item_id": [item, new], "item_ids": [item],
        "product_id": [f"{name}-tea", new], "tariff_id": [f"{name}-tariff", new], "ceiling_id": [f"{name}-cap", new],
        "offer_id": [f"{name}-offer", new],
        "schedule_id": [f"{name}-surge", new], "policy_id": [f"{name}-busy", new], "signal_id": [f"{name}-storm", new],
        "holiday_calendar": [f"{name}-days"], "charger_ids": [f"{name}-evse"], "product_ids": [f"{name}-tea"],
        "segment_id": [f"{name}-drivers", new], "segment_ids": [f"{name}-drivers"], "list_id": [f"{name}-fleet", new],
        "import_id": imports, "csv": ["phone\n9876543210", "phone,tier\n9876543210,Gold"], "fact": ["NEW", "RETURNING"],
        "opted_in": [f"{name}-offer"], "declined": [f"{name}-offer"], "codes": [f"{name.upper()}25"],
        "session_id": [f"{name}-session", new], "system": [f"{name} csms"],
        "order_id": orders, "payment_id": payments, "customer": [customer],
        "transaction_id": [f"{name}-t{number}" for number in range(3)],
        "at": moments, "started_at": moments, "paid_at": moments, "starts_at": moments, "as_of": moments,
        "live_at": moments, "valid_from": moments,
        "ends_at": [(now + timedelta(hours=1)).isoformat()], "valid_until": [(now + timedelta(days=9)).isoformat()],
        "register_wh": [1_000_000, 1_001_000, 1_002_000], "based_on_version": [1, 2],
        "currency": ["INR"], "unit": ["INR", "kWh", "min"], "amount": ["91.45"], "status": ["PAID", "CHARGING"],
        "weekdays": [1, 7], "start": ["00:00"], "end": ["06:00"], "time_zone": ["Asia/Kolkata"],
        "name": ["Tea"], "title": ["Fee"], "rate": ["18"], "price": ["40"], "value": ["25"], "limits": [{}],
        "budget": ["500"], "redemption_cap": ["100"], "total_uses": [3], "image_url": ["https://cpo.example/a.png"],
        "max_power_w": [30_000], "latitude": ["12.97"], "longitude": ["77.6"],
    }  # fmt: skip


@dataclass(slots=True)
class Caller:
    """The portal's WSGI application, asked by whoever may: each request is given its token or its signature.

    Reading is done with the token that may only read. A signature that the request brings is kept in every third
    request, so that wrong ones are tried as well.
    """

    tokens: dict[str, str]
    secret: bytes
    portal: Any
    asked: int = 0

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        cache.clear()  # the throttles count there
        self.asked += 1
        path, is_read = environ["PATH_INFO"], environ["REQUEST_METHOD"] in {"GET", "HEAD"}
        if path.startswith("/api/payments"):
            raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(raw)
            if self.asked % 3:
                environ["HTTP_X_SIGNATURE"] = signature_of(raw, self.secret)
        else:
            staff = TokenScope.STAFF_READ if is_read else TokenScope.STAFF
            token = self.tokens["SYSTEM" if path.startswith("/api/charging") else staff]
            environ["HTTP_AUTHORIZATION"] = f"Bearer {token}"
        answer: Iterable[bytes] = self.portal(environ, start_response)
        return answer


def caller(stage: Stage) -> Caller:
    """Return a caller of the own CPO; its payment gateway gets a new secret."""
    with cpo_scope(stage.here.cpo):
        secret = rotate_secret(PaymentGateway.objects.get())
    return Caller(stage.here.tokens, secret.encode(), WSGIHandler())
