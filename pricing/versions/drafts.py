"""Drafts of things with versions: the one version that may change, until it is published; of tariffs and of surges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.versions.revisions import Expected, refuse_another

_Thing = TypeVar("_Thing", bound=Model)
_Version = TypeVar("_Version", bound=Model)
_Content = TypeVar("_Content")


@dataclass(frozen=True, slots=True)
class Drafts(Generic[_Thing, _Version, _Content]):
    """One kind of thing: its models, the field of a version that names its thing, its id's field, and its content."""

    things: type[_Thing]
    versions: type[_Version]
    owner: str
    key: str
    noun: str
    checked: Callable[[Any, _Content], _Content]
    content_of: Callable[[Any], _Content]
    write_content: Callable[[Any, _Content], None]

    def create(self, thing: Any, content: _Content, *, signing: Callable[[Any], None]) -> _Thing:
        """Save a new thing with its first draft, as `save` does; raises ValidationError by field."""
        key = getattr(thing, self.key).strip()
        setattr(thing, self.key, key)
        thing.name = thing.name.strip()
        taken = f"You already have a {self.noun} “{key}”: choose another id."
        with cpo_scope(thing.cpo), transaction.atomic():
            errors: dict[str, list[str]] = {}
            try:
                thing.clean_fields()
            except ValidationError as refusal:
                errors |= refusal.message_dict
            try:
                self.checked(thing, content)
            except ValidationError as refusal:
                errors |= refusal.message_dict
            if self._things.filter(**{self.key: key}).exists():
                errors[self.key] = [taken]
            if errors:
                raise ValidationError(errors)  # type: ignore[arg-type]
            try:
                with transaction.atomic():
                    thing.save(force_insert=True)
            except IntegrityError as race:
                raise ValidationError({self.key: taken}) from race
            self.save(thing, content, signing=signing)
            made: _Thing = thing
            return made

    def save(
        self,
        thing: Any,
        content: _Content,
        *,
        signing: Callable[[Any], None],
        expected: Expected = None,
    ) -> _Version:
        """Put the content into the draft, or into a new draft when the latest version is published.

        Content that equals the published version makes no draft. `expected` is the number or the revision of the
        version that the author started from: when the working version is another by now, nothing is saved.
        `signing` is told of a draft that is about to say something else: it signs it and tells the history.
        """
        with cpo_scope(thing.cpo), transaction.atomic():
            locked: Any = self.lock(thing)
            latest: Any = self.working(locked)
            if expected is not None and latest is not None:
                self.check_expected(latest, expected)
            content = self.checked(locked, content)
            if latest is not None and latest.published_at is None:
                version = latest
            elif latest is not None and self.content_of(latest) == content:
                unchanged: _Version = latest
                return unchanged
            else:
                number = latest.number + 1 if latest else 1
                version = self.versions(**{"cpo": locked.cpo, self.owner: locked, "number": number})
            if version.pk is None or self.content_of(version) != content:
                signing(version)
            self.write_content(version, content)
            version.save()
            saved: _Version = version
            return saved

    def to_publish(self, locked: Any, expected: Expected = None) -> _Version:
        """Return the draft of a locked thing; raises ValidationError where there is none, or another than expected."""
        draft: Any = self._versions.filter(**{self.owner: locked}, published_at=None).first()
        if draft is None:
            raise ValidationError(f"There is no draft to publish: change the {self.noun} first.")
        if expected is not None:
            self.check_expected(draft, expected)
        found: _Version = draft
        return found

    def check_expected(self, latest: Any, expected: Expected) -> None:
        """Raise ValidationError where the latest version is not the one that the author has seen."""
        refuse_another(expected, latest.number, self.content_of(latest), self.noun)

    def working(self, thing: Any) -> _Version | None:
        """Return the latest version: the draft where there is one, else the last one published."""
        found: _Version | None = self._versions.filter(**{self.owner: thing}).order_by("-number").first()
        return found

    def lock(self, thing: Any) -> _Thing:
        """Return the thing, locked until the transaction ends, with its CPO."""
        rows = self._things.select_for_update(no_key=True, of=("self",)).select_related("cpo")
        locked: _Thing = rows.get(pk=thing.pk)
        return locked

    @property
    def _things(self) -> Any:
        return self.things._default_manager

    @property
    def _versions(self) -> Any:
        return self.versions._default_manager
