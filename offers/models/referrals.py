"""Referrals: the code of a customer, and who came by it; both sides are rewarded once."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import MONEY, Balance, Customer, Order


class ReferralCode(TenantModel):
    """The word by which one customer's friends name them, in capitals; a customer has one, for good."""

    customer = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="referral_code")
    code = models.CharField(max_length=20, db_collation="C")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["cpo", "code"], name="referral_code_once")]

    def __str__(self) -> str:
        return self.code


class ReferralState(models.TextChoices):
    WAITING = "WAITING", "Waiting for the first session"
    REWARDED = "REWARDED", "Rewarded"


class Referral(TenantModel):
    """A customer who came by another one's code: one row for each friend, so that nobody is referred twice.

    The rewards are those that were promised when the code was sent. `earned_by` and `due_at` name the friend's first
    completed session; a referral without one by `expires_at` earns nothing.
    """

    code = models.ForeignKey(ReferralCode, on_delete=models.PROTECT, related_name="referrals")
    friend = models.OneToOneField(Customer, on_delete=models.PROTECT, related_name="referred_by")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="+", help_text="It sent the code.")
    state = models.CharField(max_length=8, choices=ReferralState, default=ReferralState.WAITING)
    referrer_reward = models.DecimalField(**MONEY)
    friend_reward = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    reward_days = models.PositiveSmallIntegerField(null=True)
    expires_at = models.DateTimeField()
    earned_by = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="+")
    due_at = models.DateTimeField(null=True)
    rewarded_at = models.DateTimeField(null=True)
    referrer_balance = models.ForeignKey(Balance, on_delete=models.PROTECT, null=True, related_name="+")
    friend_balance = models.ForeignKey(Balance, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(referrer_reward__gt=0, friend_reward__gt=0), name="referral_rewards_both_sides"
            ),
            models.CheckConstraint(
                condition=Q(state="REWARDED", rewarded_at__isnull=False) | ~Q(state="REWARDED") & Q(rewarded_at=None),
                name="referral_rewarded_with_its_time",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(state="WAITING", due_at__isnull=False), name="referral_due")
        ]

    def __str__(self) -> str:
        return f"{self.friend} by {self.code}"
