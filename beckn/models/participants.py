"""Who takes part in the network, with which keys, and how each takes its callbacks."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from beckn.network_safety import ForbiddenAddress, take_apart
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import TenantModel


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
        default=False,
        help_text="An order that may be charged a surge needs the driver's acknowledgement. A surge that begins more "
        "than two hours after the planned end is then not told, and not charged.",
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
    is_active = models.BooleanField("active", default=True)
    sandbox = models.BooleanField(default=False, help_text="Its orders are trials: they do not count in figures.")
    default_ttl_seconds = models.PositiveIntegerField(
        "answer within (seconds)",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(86_400)],
        help_text="How long an answer is of use to it where its request names no ttl.",
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
    #: All of them have been queued again, or it was stopped.
    finished_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    stopped_by = models.CharField(max_length=254, default="", db_default="")

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
