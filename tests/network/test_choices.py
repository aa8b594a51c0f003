"""Whatever body of an API takes one of a few words says which they are where it is sent another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from rest_framework import serializers

from cpo_portal.network.api_fields import OneOfField

OURS = ("beckn", "cpo_portal", "offers", "pricing")


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)


def parts(field: Any) -> Iterator[Any]:
    """Yield a field and what it is a list or a mapping of."""
    yield field
    if getattr(field, "child", None) is not None:
        yield from parts(field.child)


def test_no_body_refuses_a_word_without_naming_those_it_takes() -> None:
    # Describing the whole API imports every serializer.
    SchemaGenerator().get_schema(public=True)
    known = {x for x in below(serializers.Serializer) if x.__module__.split(".")[0] in OURS}
    # What serializers of a model have in common is none itself.
    known -= {x for x in known if getattr(getattr(x, "Meta", None), "model", x) is None}
    found = {
        (kind.__name__, name): isinstance(part, OneOfField)
        for kind in known
        for name, field in kind().fields.items()
        for part in parts(field)
        if isinstance(part, serializers.ChoiceField) and not part.read_only
    }
    assert ("TariffContentSerializer", "model") in found
    assert {place for place, named in found.items() if not named} == set()
