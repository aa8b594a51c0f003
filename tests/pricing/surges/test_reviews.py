"""Four eyes over surges: who may submit, approve and send back, and that nobody publishes past the review."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.urls import reverse

from cpo_portal.accounts.models import Membership, Role, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from offers.public.surge import page_of
from offers.states import TRANSITIONS as OFFER_TRANSITIONS
from pricing.models import SurgePolicy, SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges.kinds import SurgeKind
from pricing.surges.reviews import REVIEWS
from pricing.surges.schedules import TRANSITIONS as SURGE_TRANSITIONS
from pricing.surges.schedules import Move, create_schedule, perform, rename, save_draft
from pricing.versions.review import APPROVABLE, Actor
from tests.people import People, api_client, signed_in
from tests.pricing.surges.samples import FIFTH, NOW, seen

pytestmark = pytest.mark.django_db

SOMEBODY_ELSE = "You wrote or submitted this draft: somebody else approves it."
REQUIRED = "Surges are reviewed here before they are published: submit the draft, and somebody else approves it."
NOTHING = "Nothing of this surge is in review: its draft is submitted first."
NO_PERSON = "A person approves it: sign in, or use a token that a person has made."
NO_REVIEW = "Surges are published here without a review: publish it."
LIST = "/admin/pricing/surgeschedule/"


@pytest.fixture
def people(people: People) -> People:
    require(people, review=True)
    return people


def require(people: People, *, review: bool) -> None:
    with cpo_scope(people.here.cpo):
        SurgePolicy.objects.update_or_create(cpo=people.here.cpo, defaults={"review_required": review})


def draft(people: People, **by: Any) -> SurgeSchedule:
    named = {"schedule_id": "congestion", "name": "Congestion fee", "kind": SurgeKind.RUSH_HOURS.value}
    return create_schedule(SurgeSchedule(cpo=people.here.cpo, **named), FIFTH, **(by or {"by": people.colleague}))


def submitted(people: People, **by: Any) -> SurgeSchedule:
    return perform(Move.SUBMIT, draft(people, **by), Actor(people.colleague), note="please")


def standing(schedule: SurgeSchedule) -> tuple[str, bool, int | None]:
    """Return the stored state, whether a draft is in review, and the number of what is published."""
    with cpo_scope(schedule.cpo):
        row = SurgeSchedule.objects.select_related("live_version").get(pk=schedule.pk)
        waiting = SurgeVersion.objects.filter(schedule=row, published_at=None, submitted_at__isnull=False).exists()
        return row.state, waiting, row.live_version.number if row.live_version else None


def refusal(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        call(*arguments, **named)
    return " ".join(refused.value.messages)


def token_of(people: People, maker: User | None) -> str:
    token, _ = create_token(people.here.cpo, name="ERP", scope=TokenScope.STAFF, created_by=maker)
    return token.prefix


#: Who approves what the colleague submitted, who wrote it, and what refuses it.
APPROVERS: dict[str, tuple[str, str, str]] = {
    "another-person": ("owner", "colleague", ""),
    "the-author": ("colleague", "colleague", SOMEBODY_ELSE),
    "who-submitted-what-another-wrote": ("colleague", "owner", SOMEBODY_ELSE),
    "the-author-of-what-another-submitted": ("owner", "owner", SOMEBODY_ELSE),
    "a-token-of-another-person": ("token of owner", "colleague", ""),
    "a-token-of-the-author": ("token of colleague", "colleague", SOMEBODY_ELSE),
    "who-made-the-token-that-wrote-it": ("owner", "token of owner", SOMEBODY_ELSE),
    "a-token-of-nobody": ("token of nobody", "colleague", NO_PERSON),
    "nobody": ("nobody", "colleague", NO_PERSON),
}


def actor_of(people: People, name: str) -> Actor:
    kind, _, maker = name.rpartition("token of ")
    user = getattr(people, maker or kind, None)
    return Actor(by_token=token_of(people, user)) if "token of " in name else Actor(user)


@pytest.mark.parametrize(("approver", "author", "said"), APPROVERS.values(), ids=APPROVERS)
def test_somebody_else_than_its_authors_approves_it(people: People, approver: str, author: str, said: str) -> None:
    writer = actor_of(people, author)
    schedule = submitted(people, by=writer.by, by_token=writer.by_token)
    assert standing(schedule) == ("IN_REVIEW", True, None)
    actor = actor_of(people, approver)
    if said:
        assert refusal(perform, Move.APPROVE, schedule, actor) == said
        assert standing(schedule) == ("IN_REVIEW", True, None)
        return
    perform(Move.APPROVE, schedule, actor, note="fine")
    assert standing(schedule) == ("APPROVED", False, 1)
    with cpo_scope(people.here.cpo):
        history = list(SurgeStateChange.objects.order_by("id").values_list("move", "from_state", "to_state", "note"))
    assert history == [
        ("edit", "DRAFT", "DRAFT", "Draft 1 was made."),
        ("submit", "DRAFT", "IN_REVIEW", "please"),
        ("approve", "IN_REVIEW", "APPROVED", "fine"),
    ]


def leave(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Membership.objects.filter(user=people.owner).delete()


def only_look(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Membership.objects.filter(user=people.owner).update(role=Role.ANALYST)


def be_switched_off(people: People) -> None:
    User.objects.filter(pk=people.owner.pk).update(is_active=False)


def operate_the_platform(people: People) -> None:
    leave(people)
    User.objects.filter(pk=people.owner.pk).update(is_staff=True, is_superuser=True)


NO_RIGHT = "{} made this token and may author nothing here any more: use a token of somebody who may."


@pytest.mark.parametrize("move", [Move.SUBMIT, Move.APPROVE, Move.REJECT])
@pytest.mark.parametrize(
    ("happens", "refused"),
    [(leave, True), (only_look, True), (be_switched_off, True), (operate_the_platform, False)],
    ids=["left", "may-only-look", "is-switched-off", "operates-the-platform"],
)
def test_a_token_takes_no_part_once_its_maker_may_author_nothing(
    people: People, happens: Callable[[People], None], refused: bool, move: Move
) -> None:
    actor = actor_of(people, "token of owner")
    schedule = draft(people) if move is Move.SUBMIT else submitted(people)
    happens(people)
    before = standing(schedule)
    if refused:
        assert refusal(perform, move, schedule, actor, note="No") == NO_RIGHT.format(people.owner)
        assert standing(schedule) == before
    else:
        perform(move, schedule, actor, note="No")
        assert standing(schedule) != before


#: How a schedule comes into a state.
WAYS: dict[str, tuple[Move, ...]] = {
    "DRAFT": (),
    "IN_REVIEW": (Move.SUBMIT,),
    "APPROVED": (Move.SUBMIT, Move.APPROVE),
    "PAUSED": (Move.SUBMIT, Move.APPROVE, Move.PAUSE),
    "ENDED": (Move.SUBMIT, Move.APPROVE, Move.END),
    "ARCHIVED": (Move.ARCHIVE,),
}
NO_DRAFT = "There is no draft to submit: change the surge first."
_ARCHIVED = "This surge schedule is archived: it cannot be {}."
#: What refuses a move of a schedule as it came into the state, or the state that the move leads to.
MOVES: dict[tuple[str, Move], str] = {
    ("DRAFT", Move.PUBLISH): REQUIRED,
    ("DRAFT", Move.SUBMIT): "IN_REVIEW",
    ("DRAFT", Move.APPROVE): NOTHING,
    ("DRAFT", Move.REJECT): NOTHING,
    ("IN_REVIEW", Move.PUBLISH): REQUIRED,
    ("IN_REVIEW", Move.SUBMIT): "It is in review already.",
    ("IN_REVIEW", Move.APPROVE): "APPROVED",
    ("IN_REVIEW", Move.REJECT): "DRAFT",
    **{(state, Move.PUBLISH): REQUIRED for state in ("APPROVED", "PAUSED", "ENDED")},
    **{(state, Move.SUBMIT): NO_DRAFT for state in ("APPROVED", "PAUSED", "ENDED")},
    **{(state, move): NOTHING for state in ("APPROVED", "PAUSED", "ENDED") for move in (Move.APPROVE, Move.REJECT)},
    ("ARCHIVED", Move.PUBLISH): _ARCHIVED.format("published"),
    ("ARCHIVED", Move.SUBMIT): _ARCHIVED.format("submitted"),
    ("ARCHIVED", Move.APPROVE): _ARCHIVED.format("approved"),
    ("ARCHIVED", Move.REJECT): _ARCHIVED.format("sent back"),
}


def brought_to(people: People, state: str) -> SurgeSchedule:
    schedule = draft(people)
    for step in WAYS[state]:
        schedule = perform(step, schedule, Actor(people.owner if step is Move.APPROVE else people.colleague))
    return schedule


@pytest.mark.parametrize(("at", "leads"), MOVES.items(), ids=[f"{state}-{move}" for state, move in MOVES])
def test_a_review_s_moves_lead_where_the_table_says(people: People, at: tuple[str, Move], leads: str) -> None:
    state, move = at
    schedule = brought_to(people, state)
    before = standing(schedule)
    if leads in SurgeState.values:
        assert perform(move, schedule, Actor(people.owner), note="because").state == leads
        return
    assert refusal(perform, move, schedule, Actor(people.owner), note="because") == leads
    assert standing(schedule) == before


@pytest.mark.parametrize(("state", "approved"), [("APPROVED", "APPROVED"), ("PAUSED", "PAUSED"), ("ENDED", "APPROVED")])
def test_what_was_published_stays_as_it_is_while_its_next_version_is_reviewed(
    people: People, state: str, approved: str
) -> None:
    schedule = brought_to(people, state)
    save_draft(schedule, replace(FIFTH, value=Decimal(30)), by=people.colleague)
    perform(Move.SUBMIT, schedule, Actor(people.colleague))
    assert standing(schedule) == (state, True, 1)
    perform(Move.REJECT, schedule, Actor(people.owner), note="too much")
    assert standing(schedule) == (state, False, 1)
    perform(Move.SUBMIT, schedule, Actor(people.colleague))
    perform(Move.APPROVE, schedule, Actor(people.owner))
    assert standing(schedule) == (approved, False, 2)
    with cpo_scope(people.here.cpo):
        page = page_of(people.here.cpo.provider_id, "congestion", NOW)
        assert page is not None
        expected = {"APPROVED": ["Changed", "Published"], "PAUSED": ["Changed", "Paused", "Published"]}
        told = [entry.what.partition(":")[0] for entry in page.changes]
        assert told == expected.get(state, ["Published", "Ended", "Published"])


@pytest.mark.parametrize(
    ("changed", "stays"), [("content", False), ("name", False), ("nothing", True)], ids=["content", "name", "nothing"]
)
def test_what_is_changed_in_review_is_submitted_anew(people: People, changed: str, stays: bool) -> None:
    schedule = submitted(people)
    with cpo_scope(people.here.cpo):
        read = SurgeVersion.objects.get().submitted_at
    value = Decimal(30) if changed == "content" else FIFTH.value
    save_draft(schedule, replace(FIFTH, value=value), by=people.owner)
    rename(schedule, name="Rush" if changed == "name" else "Congestion fee", actor=Actor(people.owner))
    if stays:
        perform(Move.APPROVE, schedule, Actor(people.owner), expected=read)
        assert standing(schedule) == ("APPROVED", False, 1)
        return
    assert standing(schedule) == ("DRAFT", False, None)
    with cpo_scope(people.here.cpo):
        last = SurgeStateChange.objects.latest("id")
    assert (last.move, last.by, last.to_state) == ("edit", people.owner, "DRAFT")
    perform(Move.SUBMIT, schedule, Actor(people.colleague))
    third = Actor(User.objects.create_superuser("operator@example.com"))
    with cpo_scope(people.here.cpo):
        SurgeVersion.objects.update(submitted_at=NOW.replace(hour=13))
    assert refusal(perform, Move.APPROVE, schedule, third, expected=read) == (
        "It was submitted anew since you read it: read it again, then approve it."
    )
    assert standing(schedule) == ("IN_REVIEW", True, None)


def test_it_is_sent_back_with_a_note(people: People) -> None:
    schedule = submitted(people)
    said = refusal(perform, Move.REJECT, schedule, Actor(people.owner), note=" ")
    assert said == "Say what is to be changed: the author reads it."
    assert standing(schedule) == ("IN_REVIEW", True, None)


def test_without_the_setting_surges_are_published_as_ever(people: People) -> None:
    require(people, review=False)
    schedule = draft(people)
    assert refusal(perform, Move.SUBMIT, schedule, Actor(people.colleague)) == NO_REVIEW
    perform(Move.PUBLISH, schedule, Actor(people.colleague))
    assert standing(schedule) == ("APPROVED", False, 1)


def page(user: User, schedule: SurgeSchedule) -> str:
    return signed_in(user).get(f"{LIST}{schedule.pk}/change/").content.decode()


def press(user: User, schedule: SurgeSchedule, button: str, **data: str) -> str:
    address = reverse(f"admin:pricing_surgeschedule_{button}", args=[schedule.pk])
    answer = signed_in(user).post(address, {"_form_submitted": "True", **data}, follow=True)
    assert answer.status_code == 200
    return seen(answer.content.decode())


def test_pages_lead_from_the_author_to_the_reviewer_and_out(people: People) -> None:
    schedule = draft(people)
    approve = reverse("admin:pricing_surgeschedule_approve_surge", args=[schedule.pk])
    text = page(people.colleague, schedule)
    assert "Submit for review" in text
    assert 'name="_publish"' not in text
    assert "The draft is submitted" in press(people.colleague, schedule, "submit_surge", note="please")
    own, other = page(people.colleague, schedule), page(people.owner, schedule)
    assert "somebody else than Colleague approves it." in own
    assert "The note of who submitted it: “please”" in other
    assert (approve in own, approve in other) == (False, True)
    queue = f"{LIST}?review=waiting"
    assert "Congestion fee" in signed_in(people.owner).get(queue).content.decode()
    assert "is published" in press(people.owner, schedule, "approve_surge", note="fine")
    assert standing(schedule) == ("APPROVED", False, 1)
    assert "Congestion fee" not in signed_in(people.owner).get(queue).content.decode()


def test_the_start_page_tells_who_may_approve_of_what_waits(people: People) -> None:
    submitted(people)
    waiting = {"said": "1 surge waits for your approval.", "list": f"{LIST}?review=waiting"}
    told = [signed_in(x).get(reverse("admin:index")).context["waiting"] for x in (people.owner, people.colleague)]
    assert told == [[waiting], []]


def test_what_was_archived_waits_for_nobody(people: People) -> None:
    schedule = perform(Move.APPROVE, submitted(people), Actor(people.owner))
    perform(Move.END, schedule)
    save_draft(schedule, replace(FIFTH, value=Decimal(30)), by=people.colleague)
    perform(Move.SUBMIT, schedule, Actor(people.colleague))
    with cpo_scope(people.here.cpo):
        assert [x.number for x in REVIEWS.waiting()] == [2]
        perform(Move.ARCHIVE, schedule)
        assert list(REVIEWS.waiting()) == []


@pytest.mark.parametrize("transitions", [SURGE_TRANSITIONS, OFFER_TRANSITIONS], ids=["surges", "offers"])
def test_the_states_in_which_a_draft_is_approved(transitions: dict[tuple[str, str], str]) -> None:
    assert {state for state, move in transitions if move == "approve"} == APPROVABLE


def test_the_author_who_opens_the_dialog_is_told_first(people: People) -> None:
    schedule = submitted(people)
    address = reverse("admin:pricing_surgeschedule_approve_surge", args=[schedule.pk])
    answer = signed_in(people.colleague).get(address, follow=True)
    assert [str(message) for message in answer.context["messages"]] == [SOMEBODY_ELSE]


def test_only_owners_switch_reviews_and_only_where_two_people_author(people: People) -> None:
    with cpo_scope(people.here.cpo):
        row = SurgePolicy.objects.get()
    address = f"/admin/pricing/surgepolicy/{row.pk}/change/"
    form = {"notice_hours": "24", "signal_notice_minutes": "15", "cap_percent": ""}
    for person, required in ((people.colleague, True), (people.owner, False)):
        signed_in(person).post(address, form)
        with cpo_scope(people.here.cpo):
            assert SurgePolicy.objects.get().review_required is required


def test_a_manager_changes_the_policy_although_the_second_person_has_left(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Membership.objects.filter(user=people.owner).delete()
        row = SurgePolicy.objects.get()
    form = {"notice_hours": "24", "signal_notice_minutes": "15", "cap_percent": "30"}
    answer = signed_in(people.colleague).post(f"/admin/pricing/surgepolicy/{row.pk}/change/", form)
    with cpo_scope(people.here.cpo):
        saved = SurgePolicy.objects.get()
        assert (answer.status_code, saved.cap_percent, saved.review_required) == (302, 30, True)
        saved.review_required = False
        saved.save()
        saved.review_required = True
        assert refusal(saved.full_clean) == "Four eyes need two people: invite another owner or manager first."


def test_machines_submit_and_persons_tokens_approve(people: People) -> None:
    schedule = draft(people)
    path = "/api/surge-schedules/congestion"
    machine = api_client(people.here.cpo)
    assert machine.get("/api/surge-schedules?in_review=true").json()["count"] == 0
    told = machine.post(f"{path}/submit", {"note": "please"}, content_type="application/json").json()
    assert (told["state"], told["draft"]["submitted_at"]) == ("IN_REVIEW", "2027-03-02T12:00:00Z")
    assert machine.get("/api/surge-schedules?in_review=true").json()["count"] == 1
    assert machine.get("/api/surge-schedules?in_review=false").json()["count"] == 0
    refused = machine.post(f"{path}/approve", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["message"]) == (409, NO_PERSON)
    back = machine.post(f"{path}/reject", {"note": "too much"}, content_type="application/json").json()
    assert (back["state"], back["draft"]["submitted_at"]) == ("DRAFT", None)
    refused = machine.post(f"{path}/publish", {}, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["message"]) == (409, REQUIRED)
    assert standing(schedule) == ("DRAFT", False, None)
