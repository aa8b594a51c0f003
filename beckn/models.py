"""Who takes part in the network, with which keys, and every message that came in or goes out."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from beckn.network_safety import ForbiddenAddress, take_apart
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import TenantModel

if TYPE_CHECKING:
    from beckn.protocol.values import Context


class OfferCodes(models.TextChoices):
    """Which error code says that an offer cannot be fulfilled."""

    DEG = "DEG", "DEG (30006)"
    ONDC = "ONDC", "ONDC (30007)"


class NetworkProfile(TenantModel):
    """How one CPO appears on the network."""

    cpo = models.OneToOneField(Cpo, on_delete=models.PROTECT, related_name="+", editable=False)
    otp_required = models.BooleanField("OTP required", default=True, help_text="Charging starts only with the OTP.")
    offer_codes = models.CharField(max_length=4, choices=OfferCodes, default=OfferCodes.DEG)
    show_buyer_finder_fee = models.BooleanField(default=False, help_text="Show the buyer app's fee as a quote line.")
    surge_consent_required = models.BooleanField(
        default=False, help_text="An order with a surge needs the driver's acknowledgement."
    )

    def __str__(self) -> str:
        return f"Network profile of {self.cpo}"


class SubscriberRole(models.TextChoices):
    """What a participant is in the network."""

    BAP = "BAP", "Buyer app"
    BPP = "BPP", "Seller platform"
    BG = "BG", "Gateway"


class Subscriber(models.Model):
    """A participant of the network; callbacks go to `callback_url` and nowhere else."""

    subscriber_id = models.CharField(
        "subscriber id",
        max_length=255,
        unique=True,
        validators=[RegexValidator(r"^[A-Za-z0-9][A-Za-z0-9._:/-]*$", "Use letters, digits and . - _ : / only.")],
    )
    role = models.CharField(max_length=3, choices=SubscriberRole, default=SubscriberRole.BAP)
    callback_url = models.CharField(
        "callback address",
        max_length=2000,
        blank=True,
        validators=[
            RegexValidator(r"^https?://[^\s/?#@]+(/[^\s?#]*)?$", "Use an http or https address without a query.")
        ],
        help_text="Callbacks are posted to this address followed by /on_search, /on_select and so on.",
    )
    is_active = models.BooleanField(default=True)
    sandbox = models.BooleanField(default=False, help_text="Its orders are trials: they do not count in figures.")
    default_ttl_seconds = models.PositiveIntegerField(
        "default ttl (seconds)", default=30, validators=[MinValueValidator(1), MaxValueValidator(86_400)]
    )
    wants_catalog_updates = models.BooleanField(
        default=False, help_text="Send a new catalogue when an offer, surge or tariff changes."
    )
    max_concurrent = models.PositiveSmallIntegerField(
        "callbacks at a time", default=4, validators=[MinValueValidator(1), MaxValueValidator(64)]
    )
    requests_per_second = models.PositiveIntegerField(
        "requests a second",
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text="More are answered 429 (a burst may be twice that); empty: the platform's figure.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["subscriber_id"]

    def __str__(self) -> str:
        return self.subscriber_id

    def clean(self) -> None:
        if self.callback_url:
            try:
                take_apart(self.callback_url)
            except ForbiddenAddress as refusal:
                raise ValidationError({"callback_url": f"This cannot be called: {refusal}."}) from None


class SubscriberHealth(models.Model):
    """How a buyer app takes its callbacks (see `beckn.circuit`); made when the first callback is settled.

    Apart from the subscriber, whose row its form writes as a whole.
    """

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, primary_key=True, related_name="health")
    #: In a row, since its last answer.
    failures = models.PositiveIntegerField(default=0, db_default=0)
    #: How often in a row it was left alone: the next pause is longer.
    pauses = models.PositiveSmallIntegerField(default=0, db_default=0)
    #: None: closed. Later than now: open. Not later: half-open, and one callback at a time finds out.
    open_until = models.DateTimeField(null=True)
    since = models.DateTimeField(db_default=Now())
    last_success_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, default="", db_default="")

    def __str__(self) -> str:
        return f"Health of {self.subscriber}"


class Replay(models.Model):
    """An order to send all dead callbacks of a buyer app again: who gave it, and how far it is."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="replays")
    requested_by = models.CharField(max_length=254)
    requested_at = models.DateTimeField(db_default=Now())
    #: How many were dead then.
    total = models.PositiveIntegerField()
    sent = models.PositiveIntegerField(default=0, db_default=0)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["subscriber"], name="replay_one_at_a_time", condition=Q(finished_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sent} of {self.total} for {self.subscriber}"


class RateBucket(models.Model):
    """What is left of a subscriber's requests, as the processes last borrowed from it (see `beckn.rate_limits`)."""

    subscriber = models.OneToOneField(Subscriber, on_delete=models.CASCADE, primary_key=True, related_name="+")
    tokens = models.FloatField()
    #: To the process that borrowed last.
    granted = models.FloatField()
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.tokens:g} for {self.subscriber}"


class SigningKey(models.Model):
    """A key of a participant; `sealed_seed` is set for our own keys only and never shown."""

    subscriber = models.ForeignKey(Subscriber, on_delete=models.PROTECT, related_name="keys")
    key_id = models.CharField("key id", max_length=255)
    public_key = models.BinaryField(max_length=32)
    sealed_seed = models.BinaryField(null=True, editable=False)
    valid_from = models.DateTimeField(db_default=Now())
    valid_until = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["subscriber", "key_id"], name="signing_key_once_per_subscriber"),
        ]

    def __str__(self) -> str:
        return f"{self.subscriber_id and self.subscriber}|{self.key_id}"


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
    #: Since when it waits: written, or sent again.
    queued_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField(null=True)
    last_error = models.TextField(default="", db_default="")
    created_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    cpo = models.ForeignKey(Cpo, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    order_ref = models.UUIDField(null=True)

    class Meta:
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
                fields=["bap_id", "transaction_id", "sequence"], name="callback_in_order", condition=Q(state="PENDING")
            ),
            models.Index(
                fields=["expires_at"],
                name="callback_expiring",
                condition=Q(state="PENDING", expires_at__isnull=False),
            ),
            models.Index(
                fields=["bap_id"], name="callback_leased", condition=Q(state="PENDING", leased_until__isnull=False)
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
        ordering = ["since"]

    def __str__(self) -> str:
        return self.reason
