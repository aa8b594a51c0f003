"""What the fields of an offer are called and how they are explained, by its type where types differ in them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join

from offers.applicability_words import LABELS as APPLICABILITY
from offers.engine.matrix import Need, kinds_with
from offers.engine.values import BenefitKind
from offers.models import OfferVersion

_HELD = "It is held in stock from the booking on."


@dataclass(frozen=True, slots=True)
class Said:
    """A field's label and its help; {currency} stands for the sign of the CPO's."""

    label: str
    help: str


#: By field and type; a type that has the field and is not listed has what is said of `None`.
BY_TYPE: Mapping[str, Mapping[BenefitKind | None, Said]] = {
    "value": {
        None: Said("Value", "Per cent, or {currency} for an amount."),
        BenefitKind.COMBO: Said(
            "Value", "Per cent, or {currency} for an amount, off the items of the combination together."
        ),
        BenefitKind.DELIVERY: Said("Value", "Per cent, or {currency} for an amount; never more than the fee."),
    },
    "value_cap": {
        None: Said("At most", "In {currency}; the most that the driver saves in one session."),
    },
    "benefit_item_count": {
        BenefitKind.BUY_X_GET_Y: Said("The driver gets", "So many more."),
        BenefitKind.FREEBIE: Said("How many are free", "Units of the product, given with one session."),
    },
    "benefit_item_id": {
        BenefitKind.BUY_X_GET_Y: Said(
            "Of this product", f"{_HELD} Where products are counted, empty gives more of what is bought."
        ),
        BenefitKind.FREEBIE: Said("Free product", f"Given at the locations that sell it. {_HELD}"),
    },
}
_LABELS = APPLICABILITY | {
    "location_ids": "Locations",
    "segment_ids": "Segments",
    "item_ids": "Connectors and products",
    "weekly_windows": "Weekly windows",
    "base": "Taken off",
    "excludes": "Never together with",
    "item_unit": "What is counted",
    "qualifier_item_count": "For every",
    "item_value": "At this price each",
}


def said_of(name: str, kind: BenefitKind) -> Said | None:
    """Return what a type says of a field, None where types do not differ in it."""
    known = BY_TYPE.get(name, {})
    return known.get(kind) or known.get(None)


def labels_by_type() -> Iterator[tuple[str, str]]:
    """Yield the fields that types call differently, each with what one of them calls it."""
    for name, said in BY_TYPE.items():
        yield from ((name, each.label) for each in said.values())


def label_of(name: str, kind: str) -> str:
    """Return what people call a field of the content in an offer of this type."""
    said = said_of(name, BenefitKind(kind)) if kind else None
    if said is not None:
        return said.label
    column: Any = OfferVersion._meta.get_field(name)
    text = _LABELS.get(name) or str(column.verbose_name)
    return text[:1].upper() + text[1:]


def explain_types(fields: Mapping[str, Any], currency: str) -> None:
    """Give a form's fields the labels and the help of each type; the style sheet shows those of the chosen one."""
    for name in BY_TYPE:
        fields[name].label = _switched({kind: said.label for kind, said in _by_type(name)})
        fields[name].help_text = _switched({kind: said.help.format(currency=currency) for kind, said in _by_type(name)})


def _by_type(name: str) -> Iterator[tuple[BenefitKind, Said]]:
    for kind in kinds_with(name, Need.MANDATORY, Need.OPTIONAL):
        said = said_of(name, kind)
        if said is not None:
            yield kind, said


def _switched(texts: Mapping[BenefitKind, str]) -> Any:
    """Return the text, or one part for each wording with the classes of the types that it is for."""
    wordings: dict[str, list[str]] = {}
    for kind, text in texts.items():
        wordings.setdefault(text, []).append(f"offer-of-{kind.value}")
    if len(wordings) == 1:
        return next(iter(wordings))
    parts = ((f"offer-of {' '.join(classes)}", text) for text, classes in wordings.items())
    return format_html("{}", format_html_join(" ", '<span class="{}">{}</span>', parts))
