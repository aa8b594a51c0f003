"""The periodic task of referrals."""

from __future__ import annotations

from celery import shared_task

from offers.referrals.rewarding import reward_due


@shared_task
def reward_referrals() -> int:
    """Credit both sides of referrals that were earned; return how many."""
    return reward_due()
