"""A brake on guessing codes: who sends too many unknown ones is refused every secret code for a while.

A guess is a row, counted per transaction and per buyer app: nothing is locked, all processes see it, and a restart
forgets nothing. The same wrong word of a transaction counts once.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from offers.models import CodeGuess
from offers.quoting import Buyer, PricedSession, SessionAsk
from offers.refusals import Refusal, RefusalKind

#: How long a guess counts.
WINDOW = timedelta(minutes=15)

_COUNT = """
SELECT count(*) FILTER (WHERE transaction_id = %(transaction)s), count(*) FROM (
    SELECT transaction_id FROM offers_codeguess WHERE bap_id = %(bap)s AND at > statement_timestamp() - %(window)s
) AS recent
"""
_NOTE = """
INSERT INTO offers_codeguess (bap_id, transaction_id, digest)
SELECT %(bap)s, %(transaction)s, unnest(%(digests)s::bytea[]) ON CONFLICT DO NOTHING
"""


def refuse_guessing(priced: PricedSession, ask: SessionAsk, buyer: Buyer) -> None:
    """Note the unknown codes of this request; raise Refusal where they, with those before, are too many.

    Refused is every word that the catalogue does not show, right or wrong, so that the answer tells neither.
    """
    secret = [word for word in (*ask.codes, *ask.opted_in) if priced.is_secret(word)]
    if not secret:
        return
    values: dict[str, Any] = {"bap": buyer.bap_id, "transaction": buyer.transaction_id, "window": WINDOW}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, values)
        here, everywhere = cursor.fetchone()
        digests = sorted({_digest(word) for word in secret if not priced.knows(word)})
        if digests and not _is_too_many(here, everywhere):
            cursor.execute(_NOTE, values | {"digests": digests})
            here, everywhere = here + cursor.rowcount - 1, everywhere + cursor.rowcount - 1
    if _is_too_many(here, everywhere):
        minutes = int(WINDOW.total_seconds()) // 60
        raise Refusal(
            RefusalKind.BUSINESS_RULE,
            f"Too many unknown codes were sent; leave the code out, or send it again in {minutes} minutes.",
        )


def forget() -> int:
    """Drop the guesses that no longer count; return how many."""
    return CodeGuess.objects.filter(at__lt=timezone.now() - WINDOW).delete()[0]


def _is_too_many(here: int, everywhere: int) -> bool:
    return here >= settings.CODE_GUESSES_PER_TRANSACTION or everywhere >= settings.CODE_GUESSES_PER_SUBSCRIBER


def _digest(word: str) -> bytes:
    return salted_hmac("offers.codes.guessing", word.upper()).digest()[:8]
