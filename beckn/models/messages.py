"""Every message that came in or goes out, and who works on them."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Case, Q, When
from django.db.models.functions import Now
from django.db.models.lookups import IsNull

from beckn.models.participants import Replay, Subscriber
from cpo_portal.accounts.models import Cpo

if TYPE_CHECKING:
    from beckn.protocol.values import Context


class Direction(models.TextChoices):
    """Which way a message went."""

    IN = "IN", "In"
    OUT = "OUT", "Out"


class Codec(models.TextChoices):
    """How the bytes of a body are stored; the two without encryption are read and no longer written."""

    RAW = "raw", "Raw"
    ZLIB = "zlib", "zlib"
    SEALED = "sealed", "Encrypted"
    ZLIB_SEALED = "zlib-sealed", "zlib, encrypted"


class MessageBody(models.Model):
    """The bytes of a message as signed; referred to by (id, created_at), without a foreign key, so that old months
    can be dropped. `key_id` names the key that it is encrypted with, "" for none."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    created_at = models.DateTimeField(db_default=Now())
    direction = models.CharField(max_length=3, choices=Direction)
    codec = models.CharField(max_length=20, choices=Codec)
    key_id = models.CharField(max_length=100, default="", db_default="")
    body = models.BinaryField()

    class Meta:
        verbose_name_plural = "message bodies"

    def __str__(self) -> str:
        return str(self.id)


class InboundState(models.TextChoices):
    """RECEIVED until its handler committed (DONE) or gave up (DEAD)."""

    RECEIVED = "RECEIVED", "Received"
    DONE = "DONE", "Done"
    DEAD = "DEAD", "Dead"


class InboundMessage(models.Model):
    """A request of a buyer app: a row before it is acknowledged, worked off under a lease, in order of `id` within
    (bap_id, transaction_id). Retention may drop the body, never the hash."""

    dialect = models.CharField(max_length=20)
    domain = models.CharField(max_length=255)
    version = models.CharField(max_length=20)
    action = models.CharField(max_length=20)
    bap_id = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255)
    message_id = models.CharField(max_length=255)
    # Without a constraint: checking one would lock the subscriber's row for every message that comes in.
    subscriber = models.ForeignKey(
        Subscriber, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    sandbox = models.BooleanField(default=False)
    body_hash = models.BinaryField(max_length=32)
    body_id = models.UUIDField()
    body_at = models.DateTimeField()
    body_dropped_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=8, choices=InboundState, default=InboundState.RECEIVED, db_default=InboundState.RECEIVED
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=100, default="", db_default="")
    error = models.TextField(default="", db_default="")
    received_at = models.DateTimeField(db_default=Now())
    ttl_until = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    cpo = models.ForeignKey(Cpo, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    order_ref = models.UUIDField(null=True)

    #: Not columns: the stored body comes with a claim, the context is read from it before the handler runs.
    body_codec: str | None
    body_key_id: str | None
    body_stored: bytes | None
    context: Context

    class Meta:
        verbose_name = "message"
        constraints = [
            models.UniqueConstraint(
                fields=["transaction_id", "message_id", "action", "bap_id"], name="inbound_message_once"
            ),
        ]
        indexes = [
            models.Index(fields=["next_attempt_at", "id"], name="inbound_due", condition=Q(state="RECEIVED")),
            models.Index(
                fields=["bap_id", "transaction_id", "id"], name="inbound_in_order", condition=Q(state="RECEIVED")
            ),
            models.Index(fields=["order_ref"], name="inbound_order", condition=Q(order_ref__isnull=False)),
            models.Index(fields=["cpo", "-id"], name="inbound_cpo", condition=Q(cpo__isnull=False)),
            models.Index(fields=["id"], name="inbound_dead", condition=Q(state="DEAD")),
            models.Index(fields=["body_at"], name="inbound_body", condition=Q(body_dropped_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.transaction_id} {self.message_id}"


class OutboundState(models.TextChoices):
    """PENDING until acknowledged (DELIVERED), too late (EXPIRED) or given up (DEAD)."""

    PENDING = "PENDING", "Pending"
    DELIVERED = "DELIVERED", "Delivered"
    EXPIRED = "EXPIRED", "Expired"
    DEAD = "DEAD", "Dead"


class OutboundCallback(models.Model):
    """A callback with its frozen body; delivered in order of `sequence` within (bap_id, transaction_id)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    sequence = models.BigIntegerField(
        unique=True, db_default=models.Func(models.Value("beckn_callback_sequence"), function="nextval")
    )
    bap_id = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255)
    message_id = models.CharField(max_length=255)
    action = models.CharField(max_length=20)
    inbound = models.ForeignKey(
        InboundMessage, on_delete=models.PROTECT, null=True, related_name="callbacks", db_index=False
    )
    dedup_key = models.CharField(max_length=255, null=True, unique=True)
    body_hash = models.BinaryField(max_length=32)
    body_id = models.UUIDField()
    body_at = models.DateTimeField()
    body_dropped_at = models.DateTimeField(null=True)
    state = models.CharField(
        max_length=9, choices=OutboundState, default=OutboundState.PENDING, db_default=OutboundState.PENDING
    )
    attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())
    leased_until = models.DateTimeField(null=True)
    lease_owner = models.CharField(max_length=100, default="", db_default="")
    #: Asked for once more while it was on its way.
    wanted_again = models.BooleanField(default=False, db_default=False)
    #: By which it waits again; without a constraint, which would lock the replay's row for every one.
    replay = models.ForeignKey(
        Replay, on_delete=models.DO_NOTHING, null=True, related_name="callbacks", db_index=False, db_constraint=False
    )
    #: Since when it waits: written, sent again, or released from a hold.
    queued_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    cpo = models.ForeignKey(Cpo, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    order_ref = models.UUIDField(null=True)

    class Meta:
        verbose_name = "callback"
        constraints = [
            models.UniqueConstraint(
                fields=["inbound", "action"], name="callback_once_per_request", condition=Q(inbound__isnull=False)
            ),
        ]
        indexes = [
            models.Index(
                fields=["bap_id", "next_attempt_at", "sequence"],
                name="callback_due_in_order",
                condition=Q(state="PENDING"),
            ),
            models.Index(
                fields=["bap_id", "transaction_id", "sequence"],
                name="callback_unfinished",
                condition=Q(finished_at__isnull=True),
            ),
            models.Index(
                Case(When(state="PENDING", then="expires_at")),
                name="callback_late",
                condition=Q(IsNull(Case(When(state="PENDING", then="expires_at")), False)),
            ),
            models.Index(
                fields=["leased_until", "bap_id"], name="callback_on_its_way", condition=Q(leased_until__isnull=False)
            ),
            models.Index(fields=["transaction_id"], name="callback_transaction"),
            models.Index(fields=["order_ref"], name="callback_order", condition=Q(order_ref__isnull=False)),
            models.Index(fields=["cpo", "-sequence"], name="callback_cpo", condition=Q(cpo__isnull=False)),
            models.Index(fields=["bap_id", "sequence"], name="callback_dead", condition=Q(state="DEAD")),
            models.Index(fields=["finished_at"], name="callback_expired", condition=Q(state="EXPIRED")),
            models.Index(fields=["body_at"], name="callback_body", condition=Q(body_dropped_at=None)),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.transaction_id} {self.message_id}"


class DeliveryAttempt(models.Model):
    """One try to deliver a callback, as it ended; a log line, not a state."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    at = models.DateTimeField(db_default=Now())
    callback_id = models.UUIDField()
    outcome = models.CharField(max_length=20)
    http_status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    response = models.CharField(max_length=500, default="", db_default="")
    error = models.CharField(max_length=500, default="", db_default="")

    class Meta:
        ordering = ["at"]
        indexes = [models.Index(fields=["callback_id", "at"], name="attempt_of_callback")]

    def __str__(self) -> str:
        return f"{self.at} {self.outcome}"


class WorkerHeartbeat(models.Model):
    """When the worker of this name last swept, and how many revisions its offer books were behind then, at most."""

    name = models.CharField(max_length=100, primary_key=True)
    at = models.DateTimeField(db_default=Now())
    book_lag = models.BigIntegerField(default=0, db_default=0)

    def __str__(self) -> str:
        return self.name


class DeliveryHold(models.Model):
    """While a row stands here no callback is sent: a restored database does not know what was sent after its backup."""

    name = models.CharField(max_length=50, primary_key=True)
    reason = models.CharField(max_length=300)
    since = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name = "hold of callbacks"
        verbose_name_plural = "holds of callbacks"
        ordering = ["since"]

    def __str__(self) -> str:
        return self.reason
