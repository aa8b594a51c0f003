"""What a buyer sent as codes: which words are display codes, which may be single-use ones, and which of them count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from offers.asking import SessionAsk
from offers.book import LoadedBook
from offers.engine.values import CodeStanding, SentCode
from offers.usage import FoundCode

LONGEST_CODE = 40


def with_codes(ask: SessionAsk, loaded: LoadedBook) -> SessionAsk:
    """Read an opted-in id that names no offer as a code, where one is spelled so."""
    codes = tuple(x for x in ask.opted_in if loaded.book.get(x) is None and loaded.book.by_code(x) is not None)
    if not codes:
        return ask
    return replace(ask, codes=ask.codes + codes, opted_in=tuple(x for x in ask.opted_in if x not in codes))


def unread(ask: SessionAsk, loaded: LoadedBook) -> tuple[str, ...]:
    """Return, in capitals, what names nothing in the book and may be a single-use code."""
    words = [x for x in ask.opted_in if loaded.book.get(x) is None] + list(ask.codes)
    return tuple({x.upper() for x in words if loaded.book.by_code(x) is None and len(x) <= LONGEST_CODE})


def with_single_use(
    ask: SessionAsk, loaded: LoadedBook, found: Mapping[str, FoundCode]
) -> tuple[SessionAsk, Mapping[str, FoundCode]]:
    """Return the codes of offers that take them now, and the ask in which none of them stands as an offer's id."""
    terms = {word: loaded.book.get(code.offer_id) for word, code in found.items()}
    kept = {word: code for word, code in found.items() if (offer := terms[word]) is not None and offer.single_use}
    named = tuple(x for x in ask.opted_in if loaded.book.get(x) is not None or x.upper() not in kept)
    return replace(ask, opted_in=named), kept


def without_referrals(ask: SessionAsk, loaded: LoadedBook, found: Mapping[str, int]) -> SessionAsk:
    """Return the ask in which no code of a customer who refers stands as an offer's id."""
    named = tuple(x for x in ask.opted_in if loaded.book.get(x) is not None or x.upper() not in found)
    return replace(ask, opted_in=named)


def best_codes(found: Mapping[str, FoundCode]) -> dict[str, SentCode]:
    """Return one code per offer: the one that the order holds, else a free one, else a used one."""
    ranks = (CodeStanding.HELD, CodeStanding.FREE, CodeStanding.USED)
    best: dict[str, SentCode] = {}
    for code in sorted(found.values(), key=lambda x: (ranks.index(x.sent.standing), x.sent.key)):
        best.setdefault(code.offer_id, code.sent)
    return best
