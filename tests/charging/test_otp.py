"""The code that starts charging: right, wrong, locked, and never more tries than five, however many come at once."""

from __future__ import annotations

from collections import Counter

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.charging.sessions.otp import OtpResult, check, make_otp
from tests.charging.sales import Sale, make_sale
from tests.network.places import Net
from tests.processes import run_at_once


def with_code(sale: Sale) -> str:
    text, digest = make_otp(sale.order)
    with cpo_scope(sale.net.cpo):
        Order.objects.filter(pk=sale.order.pk).update(otp_digest=digest)
    return text


def wrong(text: str) -> str:
    return f"{(int(text) + 1) % 1_000_000:06d}"


def attempt(sale: Sale, text: str) -> OtpResult:
    with cpo_scope(sale.net.cpo):
        return check(sale.order, text)


@pytest.mark.django_db
def test_six_digits_that_are_not_stored(sale: Sale) -> None:
    text, digest = make_otp(sale.order)
    assert (len(text), text.isdecimal(), len(digest)) == (6, True, 48)
    assert text.encode() not in digest
    assert make_otp(sale.order)[1][16:] != digest[16:]


@pytest.mark.django_db
def test_right_wrong_and_right_again(sale: Sale) -> None:
    text = with_code(sale)
    tries = [attempt(sale, code) for code in (wrong(text), f" {text} ", "", text)]
    assert tries == [OtpResult.WRONG, OtpResult.ACCEPTED, OtpResult.MISSING, OtpResult.ACCEPTED]
    assert [result.accepted for result in tries] == [False, True, False, True]
    assert sale.order.otp_failures == 1


@pytest.mark.django_db
@pytest.mark.parametrize("code", ["abc", "٣" * 6, "1" * 10_000, "\0", "١٢٣"])
def test_what_is_no_code_is_wrong(sale: Sale, code: str) -> None:
    with_code(sale)
    assert attempt(sale, code) is OtpResult.WRONG


@pytest.mark.django_db
def test_the_fifth_wrong_try_locks_also_for_the_right_code(sale: Sale) -> None:
    text = with_code(sale)
    assert [attempt(sale, wrong(text)) for _ in range(5)] == [OtpResult.WRONG] * 4 + [OtpResult.LOCKED]
    assert attempt(sale, text) is OtpResult.LOCKED
    with cpo_scope(sale.net.cpo):
        assert Order.objects.get(pk=sale.order.pk).otp_failures == 5


@pytest.mark.django_db
def test_an_order_without_a_code_and_another_orders_code(net: Net) -> None:
    first, second = make_sale(net), make_sale(net)
    assert attempt(first, "123456") is OtpResult.NOT_SET
    text = with_code(first)
    with cpo_scope(net.cpo):
        digest = Order.objects.get(pk=first.order.pk).otp_digest
        Order.objects.filter(pk=second.order.pk).update(otp_digest=digest)
    assert attempt(second, text) is OtpResult.WRONG


@pytest.mark.django_db(transaction=True)
def test_twelve_wrong_tries_at_once_count_five(sale: Sale) -> None:
    guess = wrong(with_code(sale))
    results = Counter(run_at_once(12, lambda _: attempt(sale, guess)))
    assert results == {OtpResult.WRONG: 4, OtpResult.LOCKED: 8}
    with cpo_scope(sale.net.cpo):
        assert Order.objects.get(pk=sale.order.pk).otp_failures == 5
