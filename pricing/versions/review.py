"""Four eyes: a draft is submitted, and somebody else than who wrote or submitted it approves it or sends it back.

People are named `user:<key>`. A token of the API speaks for whoever made it; one that nobody in particular made is
named `token:<prefix>`: it may write and submit, and never approves. Once whoever made a token may author nothing at the
CPO, it takes no part in reviews. The same of offers and of surges: their versions have `authors`, `submitted_at` and
`submitted_by`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Model

from cpo_portal.accounts.access import Right, rights_of
from cpo_portal.accounts.models import ApiToken, Membership, Role, User

_PERSON, _TOKEN = "user:", "token:"
_Version = TypeVar("_Version", bound=Model)

#: What the history calls a draft that was made or changed.
EDIT = "edit"
#: The moves that a review knows, as the moves of offers and of surges are called.
PUBLISH, SUBMIT, APPROVE, REJECT = "publish", "submit", "approve", "reject"
REVIEWED = frozenset({PUBLISH, SUBMIT, APPROVE, REJECT})
#: The stored states in which a draft is approved, of offers and of surges.
APPROVABLE = frozenset({"IN_REVIEW", "APPROVED", "PAUSED", "ENDED"})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something: a person, or the token that a machine brought; neither for the platform itself."""

    by: User | None = None
    by_token: str = ""

    @property
    def key(self) -> str:
        """Return how reviews name the actor; inside the CPO's scope."""
        if self.by is not None:
            return f"{_PERSON}{self.by.pk}"
        if not self.by_token:
            return ""
        maker = ApiToken.objects.filter(prefix=self.by_token).values_list("created_by", flat=True).first()
        return f"{_PERSON}{maker}" if maker else f"{_TOKEN}{self.by_token}"


def check_two_people(policy: Any) -> None:
    """Raise ValidationError by field where reviews begin to be required of fewer than two people who may author; who
    required them before may change the rest of the policy."""
    required_before = type(policy)._default_manager.filter(pk=policy.pk, review_required=True)
    if not policy.review_required or required_before.exists():
        return
    authors = Membership.objects.filter(cpo=policy.cpo_id, role__in=(Role.OWNER, Role.MANAGER))
    if authors.count() < 2:
        raise ValidationError({"review_required": "Four eyes need two people: invite another owner or manager first."})


def authors_of(draft: Any) -> set[str]:
    """Return everybody who has written or submitted the draft."""
    return (writers_of(draft) | {draft.submitted_by}) - {""}


def writers_of(version: Any) -> set[str]:
    """Return everybody who has written a word of the version."""
    found = {*(version.authors or ())}
    if version.created_by_id is not None:
        found.add(f"{_PERSON}{version.created_by_id}")
    return found


def may_approve(draft: Any, actor: Actor) -> bool:
    """Tell whether this actor is a second pair of eyes."""
    key = actor.key
    return key.startswith(_PERSON) and key not in authors_of(draft)


def names_of(keys: Iterable[str]) -> list[str]:
    """Return what people call these actors, in alphabetical order; inside the CPO's scope."""
    return sorted(names_by_key(keys).values())


def names_by_key(keys: Iterable[str]) -> dict[str, str]:
    """Return what people call each of these actors: at most a query for people and one for tokens."""
    found = set(keys)
    people = [int(key.removeprefix(_PERSON)) for key in found if key.startswith(_PERSON)]
    tokens = [key.removeprefix(_TOKEN) for key in found if key.startswith(_TOKEN)]
    names = {f"{_PERSON}{user.pk}": str(user) for user in User.objects.filter(pk__in=people)} if people else {}
    names |= {f"{_TOKEN}{prefix}": f"API token {prefix}…" for prefix in tokens}
    rows = ApiToken.objects.filter(prefix__in=tokens) if tokens else ()
    return names | {f"{_TOKEN}{token.prefix}": f"API token {token}" for token in rows}


def edited(draft: Any) -> str:
    """Return what the history says of a draft that is about to be saved."""
    return f"Draft {draft.number} was {'made' if draft.pk is None else 'changed'}."


def sign(draft: Any, actor: Actor) -> None:
    """Name who writes a draft that is about to be saved, also among its authors."""
    draft.created_by, draft.created_by_token = actor.by, actor.by_token
    key = actor.key
    if key and key not in (draft.authors or ()):
        draft.authors = [*(draft.authors or ()), key]


def keep_writers(draft: Any, copied: Any) -> None:
    """Name among the authors of a draft that is about to be saved whoever wrote the version that it is copied from."""
    draft.authors = [*(draft.authors or ()), *sorted(writers_of(copied) - {*(draft.authors or ())})]


@dataclass(frozen=True, slots=True)
class Reviews(Generic[_Version]):
    """The reviews of one kind of thing: its versions, their field that names their thing, and what people call it.

    `is_required` tells, inside a CPO's scope and by its key, whether its things are reviewed before they are published.
    """

    versions: type[_Version]
    owner: str
    noun: str
    is_required: Callable[[int], bool]

    def draft_of(self, thing: Any) -> _Version | None:
        """Return the thing's draft."""
        found: _Version | None = self._drafts(thing).first()
        return found

    def waiting(self) -> Any:
        """Return the drafts that somebody submitted and that may still be approved."""
        approvable = {f"{self.owner}__state__in": APPROVABLE}
        return self.versions._default_manager.filter(published_at=None, submitted_at__isnull=False, **approvable)

    def check_move(self, thing: Any, move: str, actor: Actor, note: str, expected: int | str | datetime | None) -> None:
        """Refuse a move that the review does not allow; in the transaction that holds the thing's row.

        `expected` is when what the approver has read was submitted.
        """
        if move == PUBLISH:
            if self.is_required(thing.cpo_id):
                raise ValidationError(
                    f"{self.noun.capitalize()}s are reviewed here before they are published: submit the draft, and "
                    "somebody else approves it."
                )
            return
        draft: Any = self.draft_of(thing)
        _check_token(actor)
        if move == SUBMIT:
            self._check_submit(thing, draft, actor)
        elif draft is None or draft.submitted_at is None:
            raise ValidationError(self.nothing_submitted)
        elif move == REJECT and not note.strip():
            raise ValidationError({"note": "Say what is to be changed: the author reads it."})
        elif move == APPROVE:
            _check_approve(draft, actor, expected)

    def refusal_of_move(self, thing: Any, move: str, actor: Actor) -> str:
        """Return why the review does not allow a move now, "" where it does; inside the CPO's scope."""
        try:
            self.check_move(thing, move, actor, note="-", expected=None)
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        return ""

    @property
    def nothing_submitted(self) -> str:
        """What tells an approver that there is nothing to approve."""
        return f"Nothing of this {self.noun} is in review: its draft is submitted first."

    def submit(self, draft: Any, actor: Actor, now: datetime) -> None:
        """Mark a draft as submitted that is fit to be published."""
        draft.submitted_at, draft.submitted_by = now, actor.key
        draft.save(update_fields=["submitted_at", "submitted_by"])

    def send_back(self, thing: Any) -> None:
        """Let the draft be a draft again."""
        self._drafts(thing).update(submitted_at=None, submitted_by="")

    def _drafts(self, thing: Any) -> Any:
        return self.versions._default_manager.filter(**{self.owner: thing}, published_at=None)

    def _check_submit(self, thing: Any, draft: Any, actor: Actor) -> None:
        if not self.is_required(thing.cpo_id):
            raise ValidationError(f"{self.noun.capitalize()}s are published here without a review: publish it.")
        if draft is None:
            raise ValidationError(f"There is no draft to submit: change the {self.noun} first.")
        if draft.submitted_at is not None:
            raise ValidationError("It is in review already.")
        if not actor.key:
            raise ValidationError("Somebody must submit it: sign in, or use a token.")


def _check_token(actor: Actor) -> None:
    """Refuse a token that outlived the right of whoever made it, for whom it would speak."""
    token = ApiToken.objects.select_related("cpo", "created_by").filter(prefix=actor.by_token).first()
    if token is None or token.created_by is None or Right.CHANGE in rights_of(token.created_by, token.cpo):
        return
    raise ValidationError(
        f"{token.created_by} made this token and may author nothing here any more: use a token of somebody who may."
    )


def _check_approve(draft: Any, actor: Actor, expected: int | str | datetime | None) -> None:
    if not actor.key.startswith(_PERSON):
        raise ValidationError("A person approves it: sign in, or use a token that a person has made.")
    if not may_approve(draft, actor):
        raise ValidationError("You wrote or submitted this draft: somebody else approves it.")
    if isinstance(expected, datetime) and expected != draft.submitted_at:
        raise ValidationError("It was submitted anew since you read it: read it again, then approve it.")
