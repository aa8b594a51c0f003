"""Keeps with each quote what its price depended on, and proves stored quotes and receipts again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.db import transaction

from cpo_portal.charging.segments.asked_facts import asked_of
from offers.engine.codec import exact_hash, offer_from_json, offer_to_json, trace_from_json
from offers.engine.proof import Difference, Evidence, LockedContext, Printed, Proof, Verdict, differences
from offers.engine.values import OfferContext, OfferTerms, OfferTrace
from offers.models import OfferSnapshot, Quote
from pricing.engine import ENGINE_VERSION
from pricing.engine.codec import decode, encode, line_from_json, request_from_json, terms_from_json

#: As many contents are remembered as kept; a process that forgets asks the table once more.
MOST_KEPT = 100_000
_kept: set[tuple[int, str]] = set()


@dataclass(frozen=True, slots=True)
class Reproof:
    """The answer about one stored quote; `engine` is this engine's version, `stored_engine` the quote's."""

    verdict: Verdict
    stored_engine: str
    engine: str = ENGINE_VERSION
    differences: tuple[Difference, ...] = ()


def proof_of_choice(
    cpo_id: int, context: OfferContext, offers: Iterable[OfferTerms], hashes: dict[str, str]
) -> dict[str, Any]:
    """Return what proves a choice among these offers; `hashes` remembers, by id, those of the same book."""
    found = list(offers)
    if context.customer is not None:
        # What no segment asks for decides nothing: it is nobody's business later on.
        asked = asked_of(context.customer, [segment for terms in found for segment in terms.segments])
        context = replace(context, customer=asked)
    for terms in found:
        if terms.offer_id not in hashes:
            hashes[terms.offer_id] = exact_hash(terms)
    return _kept_proof(cpo_id, context, [(hashes[terms.offer_id], terms) for terms in found])


def proof_of_bill(cpo_id: int, offers: Iterable[OfferTerms], context: LockedContext) -> Any:
    """Return what proves a bill by locked offers."""
    return _kept_proof(cpo_id, context, [(exact_hash(terms), terms) for terms in offers])


def reprove(quote: Quote) -> Reproof:
    """Price a stored quote again from what was kept with it; inside its CPO's scope."""
    if quote.proof is None:
        return Reproof(Verdict.NOT_KEPT, quote.engine_version)
    try:
        found = differences(evidence_of(quote), printed_of(quote))
    except (KeyError, ValueError, TypeError) as fault:
        found = (Difference("PROOF", "", "what was kept", f"cannot be read any more: {type(fault).__name__} {fault}"),)
    verdict = Verdict.DIFFERS if found else Verdict.IDENTICAL
    return Reproof(verdict, quote.engine_version, differences=found)


def evidence_of(quote: Quote) -> Evidence:
    """Return what the stored quote's price depended on; raises KeyError where an offer's terms are missing."""
    proof = decode(Proof, quote.proof)
    kept = OfferSnapshot.objects.filter(cpo=quote.cpo_id, hash__in=proof.offers).values_list("hash", "terms")
    terms = {key: offer_from_json(data) for key, data in kept}
    return Evidence(
        request_from_json(quote.request),
        terms_from_json(quote.terms),
        tuple(terms[key] for key in proof.offers),
        proof.context,
    )


def printed_of(quote: Quote) -> Printed:
    """Return the answer that the stored quote gave."""
    return Printed(
        lines=tuple(line_from_json(line) for line in quote.lines),
        trace=trace_from_json(quote.trace) if quote.trace else OfferTrace(),
        energy_wh=quote.energy_wh,
        engine_version=quote.engine_version,
    )


def reproof_in_words(answer: Reproof) -> str:
    """Return the answer as a sentence."""
    engines = f"engine {answer.stored_engine} → {answer.engine}"
    if answer.verdict is Verdict.NOT_KEPT:
        return (
            "Not everything that it depended on is kept, so it cannot be proven again: it is older than proofs, or its "
            "customer was forgotten."
        )
    if answer.verdict is Verdict.IDENTICAL:
        return f"Priced again, it is identical to the last character ({engines})."
    return f"Priced again, {len(answer.differences)} of its parts differ ({engines})."


def forget() -> None:
    """Forget in this process what is kept."""
    _kept.clear()


def _kept_proof(
    cpo_id: int, context: OfferContext | LockedContext, offers: list[tuple[str, OfferTerms]]
) -> dict[str, Any]:
    missing = {key: terms for key, terms in offers if (cpo_id, key) not in _kept}
    if missing:
        _keep(cpo_id, missing)
    data: dict[str, Any] = encode(Proof(tuple(key for key, _ in offers), context))
    return data


def _keep(cpo_id: int, terms: Mapping[str, OfferTerms]) -> None:
    """Keep these contents where the table has them not yet; it is remembered once it is certain."""
    there = set(OfferSnapshot.objects.filter(cpo=cpo_id, hash__in=terms).values_list("hash", flat=True))
    OfferSnapshot.objects.bulk_create(
        OfferSnapshot(cpo_id=cpo_id, hash=key, terms=offer_to_json(terms[key])) for key in terms if key not in there
    )
    transaction.on_commit(partial(_remember, {(cpo_id, key) for key in terms}))


def _remember(keys: set[tuple[int, str]]) -> None:
    if len(_kept) > MOST_KEPT:
        _kept.clear()
    _kept.update(keys)
