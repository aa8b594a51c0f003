"""The stored quotes, and what each offer had to do with them."""

from __future__ import annotations

import uuid

from django.db import models
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import Order
from offers.models.columns import MONEY
from offers.models.definitions import Offer, OfferVersion
from pricing.models import TariffVersion


class Quote(TenantModel):
    """A price as it was given: everything needed to bill it, show it again and prove it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    bap_id = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="quotes")
    tariff_version = models.ForeignKey(TariffVersion, on_delete=models.PROTECT, related_name="+")
    valid_until = models.DateTimeField()
    basis = models.CharField(max_length=24, blank=True)
    total = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    energy_wh = models.PositiveBigIntegerField()
    request = models.JSONField()
    choices = models.JSONField(default=dict)
    terms = models.JSONField()
    offer_terms = models.JSONField(default=list)
    lines = models.JSONField()
    trace = models.JSONField()
    cart_hash = models.CharField(max_length=64)
    terms_hash = models.CharField(max_length=64)
    engine_version = models.CharField(max_length=20)
    #: The CPO's largest discount as it was when the quote was made; a bill keeps it.
    max_discount_percent = models.DecimalField(max_digits=5, decimal_places=2, null=True)
    is_bill = models.BooleanField(default=False)
    sandbox = models.BooleanField(default=False)
    proof = models.JSONField(null=True)
    created_at = models.DateTimeField()
    #: `offers.engine.facts.Levels` where an offer asked for them.
    levels = models.JSONField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["bap_id", "transaction_id", "-created_at"], name="quote_transaction"),
            models.Index(fields=["created_at"], name="quote_created"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class QuoteOffer(models.Model):
    """What became of one candidate in one quote: the facts behind funnels and "why not?"."""

    quote = models.ForeignKey(Quote, on_delete=models.CASCADE, related_name="candidates")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, null=True, related_name="+")
    version = models.ForeignKey(OfferVersion, on_delete=models.PROTECT, null=True, related_name="+")
    asked_id = models.CharField(max_length=100)
    outcome = models.CharField(max_length=20)
    reason_code = models.CharField(max_length=30, blank=True)
    amount = models.DecimalField(**MONEY)

    objects = ScopedManager(cpo="quote__cpo")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["quote", "asked_id"], name="quote_offer_once")]

    def __str__(self) -> str:
        return f"{self.asked_id} {self.outcome}"
