"""Codes that each open an offer once: batches of them, the codes, and the wrong ones that buyers tried."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import Order
from offers.models.definitions import Offer

#: The most codes of one offer, over all its batches.
MOST_CODES = 1_000_000


class CodeAlphabet(models.TextChoices):
    """What the random part is made of; look-alikes are left out (`offers.codes.alphabets`)."""

    MIXED = "MIXED", "Letters and digits"
    LETTERS = "LETTERS", "Letters alone"
    DIGITS = "DIGITS", "Digits alone"


class CodeBatch(TenantModel):
    """So many codes of one offer, asked for at once and made in the background; `made` says how far that is."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="code_batches")
    name = models.CharField("what it is for", max_length=100, blank=True)
    count = models.PositiveIntegerField(
        "how many",
        validators=[
            MinValueValidator(1, "Ask for at least one code."),
            MaxValueValidator(MOST_CODES, "An offer has at most 1,000,000 codes: ask for fewer."),
        ],
    )
    prefix = models.CharField(
        max_length=12,
        blank=True,
        validators=[
            RegexValidator(
                r"^[A-Z0-9]+(-[A-Z0-9]+)*-?\Z", "Use letters, digits and hyphens, such as DIWALI-, or leave it empty."
            )
        ],
    )
    length = models.PositiveSmallIntegerField("random characters", default=14)
    alphabet = models.CharField(max_length=8, choices=CodeAlphabet, default=CodeAlphabet.MIXED)
    made = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    by_token = models.CharField(max_length=12, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, editable=False)
    cancelled_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = "batch of codes"
        verbose_name_plural = "batches of codes"
        ordering = ["-id"]
        constraints = [models.CheckConstraint(condition=Q(made__lte=F("count")), name="no_more_codes_than_asked")]
        indexes = [
            models.Index(fields=["id"], condition=Q(finished_at=None, cancelled_at=None), name="code_batch_unfinished")
        ]

    def __str__(self) -> str:
        return self.name or f"{self.count:,} code{'' if self.count == 1 else 's'} of {self.offer}"


class CodeState(models.TextChoices):
    FREE = "FREE", "Free"
    HELD = "HELD", "Held by an order"
    USED = "USED", "Used"
    CANCELLED = "CANCELLED", "Cancelled"


class SingleUseCode(TenantModel):
    """A code that opens its batch's offer for one order: HELD from init, USED by the bill, FREE again on release."""

    cpo = models.ForeignKey(
        "accounts.Cpo", on_delete=models.PROTECT, related_name="+", editable=False, db_index=False, db_constraint=False
    )
    batch = models.ForeignKey(CodeBatch, on_delete=models.PROTECT, related_name="codes", db_index=False)
    code = models.CharField(max_length=40, db_collation="C")
    state = models.CharField(max_length=9, choices=CodeState, default=CodeState.FREE)
    order = models.ForeignKey(
        Order, on_delete=models.PROTECT, null=True, related_name="single_use_codes", db_index=False
    )
    taken_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = "single-use code"
        verbose_name_plural = "single-use codes"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "code"], name="code_once_per_cpo"),
            models.CheckConstraint(
                condition=Q(state__in=["FREE", "CANCELLED"], order=None)
                | Q(state__in=["HELD", "USED"], order__isnull=False),
                name="code_taken_by_an_order",
            ),
        ]
        indexes = [
            models.Index(fields=["batch", "state"], name="code_batch_state"),
            models.Index(fields=["order"], condition=Q(order__isnull=False), name="code_of_order"),
        ]

    def __str__(self) -> str:
        return self.code


class CodeGuess(models.Model):
    """A code that a buyer app sent and that opens nothing; `digest` tells two guesses apart and reveals neither."""

    bap_id = models.CharField(max_length=255)
    transaction_id = models.CharField(max_length=255)
    digest = models.BinaryField(max_length=8)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["bap_id", "transaction_id", "digest"], name="code_guess_once")]
        indexes = [models.Index(fields=["bap_id", "at"], name="code_guess_subscriber")]

    def __str__(self) -> str:
        return f"{self.bap_id} {self.at}"
