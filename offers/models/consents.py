"""What drivers agreed to before a sale: the surge of a quote that was shown to them."""

from __future__ import annotations

from django.db import models

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import Customer, Order
from offers.models.columns import MONEY


class ConsentChannel(models.TextChoices):
    """Through whom a driver agreed; part of stored rows, never renamed."""

    BECKN = "BECKN", "Buyer app"


class SurgeConsent(TenantModel):
    """A driver's consent to a quote's surge, with which an order was made; append-only.

    `required` says that the CPO asked for it. `quote_id` is the quote that was shown, which is not kept as long as this
    is. `parts` are the sentences that the driver was to read, rows of `surge`, `version`, `amount` and `words`;
    `text_hash` is the SHA-256 of them, joined by blanks, in hex. `amount` is what they come to.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="surge_consents")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    bap_id = models.CharField(max_length=255)
    channel = models.CharField(max_length=10, choices=ConsentChannel)
    required = models.BooleanField()
    quote_id = models.UUIDField()
    parts = models.JSONField()
    text_hash = models.CharField(max_length=64)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["order", "quote_id"], name="surge_consent_once_per_quote")]

    def __str__(self) -> str:
        return f"Consent to the surge of {self.quote_id}"
