"""Who wrote, published and stopped what has versions, in words: a person, or a token with its name and its maker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from cpo_portal.accounts.models import ApiToken
from pricing.versions.review import names_by_key


@dataclass(frozen=True, slots=True)
class Token:
    """What people call a token, and who made it; "" for nobody in particular."""

    name: str
    made_by: str = ""


@dataclass(frozen=True, slots=True)
class People:
    """Who did what to a thing: by the primary key of a version who wrote and who published it, and all tokens."""

    wrote: Mapping[int, str]
    published: Mapping[int, str]
    tokens: Mapping[str, Token]

    def of(self, change: Any) -> str:
        """Return who made an entry of the history; "" for the platform itself."""
        return who_in_words(change, self.tokens)


def people_of(versions: Sequence[Any], history: Sequence[Any], changes: QuerySet[Any]) -> People:
    """Return who is behind these versions and entries; `changes` are all entries of the thing. In its CPO's scope."""
    # The first entry with a version is the one that published it: before, another one was live.
    first = changes.filter(version__in=[x.pk for x in versions]).order_by("version_id", "id").distinct("version_id")
    publishing = list(first.select_related("by"))
    tokens = _named({*_prefixes((*history, *publishing)), *(x.created_by_token for x in versions)} - {""})
    return People(
        _writers(versions, tokens),
        {x.version_id: said for x in publishing if (said := who_in_words(x, tokens))},
        tokens,
    )


def tokens_of(changes: Iterable[Any]) -> dict[str, Token]:
    """Return the tokens that made these entries, by their first characters: at most one query."""
    return _named(_prefixes(changes))


def who_in_words(change: Any, tokens: Mapping[str, Token]) -> str:
    """Return "Asha" or "API token Night job (1a2b3c4d…), made by Asha"; "" for the platform itself."""
    return str(change.by) if change.by is not None else _token_in_words(change.by_token, tokens)


def _token_in_words(prefix: str, tokens: Mapping[str, Token]) -> str:
    if not prefix:
        return ""
    token = tokens.get(prefix)
    if token is None:
        return f"API token {prefix}…"
    maker = f", made by {token.made_by}" if token.made_by else ""
    return f"API token {token.name} ({prefix}…){maker}"


def _prefixes(changes: Iterable[Any]) -> set[str]:
    return {x.by_token for x in changes if x.by_token}


def _named(prefixes: set[str]) -> dict[str, Token]:
    if not prefixes:
        return {}
    rows = ApiToken.objects.filter(prefix__in=prefixes).select_related("created_by")
    return {x.prefix: Token(x.name, str(x.created_by or "")) for x in rows}


def _writers(versions: Sequence[Any], tokens: Mapping[str, Token]) -> dict[int, str]:
    """Return who wrote each version last; where that was not kept of a token's work, whoever made the token."""
    unsigned = [x for x in versions if x.created_by_id is None and not x.created_by_token]
    keys = {x.pk: getattr(x, "authors", None) or () for x in unsigned}
    names = names_by_key(key for found in keys.values() for key in found)
    written = {pk: ", ".join(names[key] for key in found if key in names) for pk, found in keys.items()}
    written |= {x.pk: _token_in_words(x.created_by_token, tokens) for x in versions if x.created_by_token}
    return written | {x.pk: str(x.created_by) for x in versions if x.created_by_id is not None}
