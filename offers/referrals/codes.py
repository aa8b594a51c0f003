"""Makes the code of a customer; it is meant to be passed on, so it is short."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from cpo_portal.charging.models import Customer
from offers.codes.alphabets import make_code
from offers.models import CodeAlphabet, ReferralCode

#: 22^8 words: two that are made are alike once in many millions, and who tries words is refused after a few.
LENGTH = 8
TRIES = 5


def code_of(customer: Customer) -> ReferralCode:
    """Return the customer's code, made where new; two who ask at once get the same."""
    for _ in range(TRIES):
        found = ReferralCode.objects.filter(customer=customer).first()
        if found is not None:
            return found
        try:
            with transaction.atomic():
                word = make_code("", LENGTH, CodeAlphabet.MIXED)
                return ReferralCode.objects.create(cpo_id=customer.cpo_id, customer=customer, code=word)
        except IntegrityError:
            continue  # somebody was faster, or the word is taken
    raise RuntimeError("no free word for a referral code was found")
