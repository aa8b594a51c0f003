"""The pages of signals and of the surge policy: what they write, refuse and say of what is announced, by role."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location
from pricing.models import Signal, SurgePolicy
from pricing.surges.signals import announce
from tests.people import People, signed_in
from tests.pricing.surges.samples import DAY, NOW, seen

pytestmark = pytest.mark.django_db

LIST = "/admin/pricing/signal/"
FORM: dict[str, Any] = {
    "title": "Storm over Delhi",
    "signal_id": "storm",
    "kind": "WEATHER",
    "source": "IMD",
    "location_ids": ["cp-station"],
    "location_tags": ["highway"],
    "states": ["Delhi"],
    "starts_at": "2027-03-02T17:30",
    "ends_at": "2027-03-03T06:00",
    "stale_after": "2027-03-02T20:00",
}
MINUTE = timedelta(minutes=1)
COUNTS = (
    "“Storm over Delhi” counts from Tue 2 Mar 2027, 17:45 IST until Tue 2 Mar 2027, 20:00 IST and is stale then, "
    "unless it is saved with a later time before: surges that wait for it hold while it counts."
)


@pytest.fixture
def people(people: People) -> People:
    with cpo_scope(people.here.cpo):
        Location.objects.update(tags=["highway"])
    return people


def stored(people: People) -> Signal:
    with cpo_scope(people.here.cpo):
        return Signal.objects.get()


def address(people: People) -> str:
    return f"{LIST}{stored(people).pk}/change/"


def test_a_member_enters_a_signal_that_counts_after_its_notice(people: People) -> None:
    text = seen(signed_in(people.colleague).post(f"{LIST}add/", FORM, follow=True).content.decode())
    assert COUNTS in text
    found = stored(people)
    assert (found.kind, found.source, found.by) == ("WEATHER", "IMD", people.colleague)
    assert (found.location_ids, found.location_tags, found.states) == (["cp-station"], ["highway"], ["Delhi"])
    assert (found.starts_at, found.counts_from) == (NOW, NOW + 15 * MINUTE)
    assert found.ends_at == datetime(2027, 3, 3, 0, 30, tzinfo=UTC)
    assert found.stale_after == datetime(2027, 3, 2, 14, 30, tzinfo=UTC)


def test_a_change_that_narrows_counts_at_once_and_one_that_widens_anew(people: People, clock: Any) -> None:
    client = signed_in(people.owner)
    client.post(f"{LIST}add/", FORM)
    clock.now = NOW + 60 * MINUTE
    client.post(address(people), FORM | {"location_tags": [], "ends_at": "2027-03-03T05:00"})
    assert (stored(people).location_tags, stored(people).counts_from) == ([], NOW + 15 * MINUTE)
    text = seen(client.post(address(people), FORM, follow=True).content.decode())
    assert "counts from Tue 2 Mar 2027, 18:45 IST until Tue 2 Mar 2027, 20:00 IST and is stale then" in text
    assert stored(people).counts_from == NOW + 75 * MINUTE
    with cpo_scope(people.here.cpo):
        assert LogEntry.objects.filter(user=people.owner, object_id=str(stored(people).pk)).count() == 3


def test_seconds_that_a_machine_sent_stay_when_the_form_is_saved(people: People) -> None:
    said = {"signal_id": "storm", "kind": "WEATHER", "title": "Storm", "source": "IMD", "states": ["Delhi"]}
    start = NOW + timedelta(seconds=30)
    announce(Signal(cpo=people.here.cpo, starts_at=start, ends_at=start + DAY, **said), NOW)
    sent = said | {"starts_at": "2027-03-02T17:30", "ends_at": "2027-03-03T17:30", "title": "Storm over Delhi"}
    signed_in(people.owner).post(address(people), sent)
    found = stored(people)
    assert (found.title, found.starts_at, found.ends_at) == ("Storm over Delhi", start, start + DAY)
    assert found.counts_from == NOW + 15 * MINUTE


REFUSED = [
    pytest.param({"title": " "}, "title", "This field is required.", id="no title"),
    pytest.param({"ends_at": ""}, "ends_at", "This field is required.", id="no end"),
    pytest.param(
        {"ends_at": "2027-03-02T17:30"}, "ends_at", "It ends before it begins: give a later end.", id="no time"
    ),
    pytest.param(
        {"starts_at": "2027-03-01T00:00", "ends_at": "2027-03-02T17:30", "stale_after": ""},
        "ends_at",
        "It would be over already: give a later end.",
        id="over",
    ),
    pytest.param(
        {"stale_after": "2027-03-02T17:30"},
        "stale_after",
        "It would be stale already: give a later time, or leave it empty.",
        id="stale",
    ),
    pytest.param(
        {"starts_at": "soon"}, "starts_at", "Give the date and the time, such as 2026-11-21T18:30.", id="when"
    ),
    pytest.param(
        {"location_ids": ["moon"]},
        "location_ids",
        "Select a valid choice. moon is not one of the available choices.",
        id="location",
    ),
    pytest.param(
        {"signal_id": "a storm"},
        "signal_id",
        "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
        id="signal id",
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), REFUSED)
def test_bad_input_is_answered_at_its_field(people: People, changes: dict[str, Any], field: str, sentence: str) -> None:
    answer = signed_in(people.owner).post(f"{LIST}add/", FORM | changes)
    assert answer.context["adminform"].form.errors == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Signal.objects.exists()


def test_an_id_of_another_signal_is_refused_and_changes_nothing(people: People) -> None:
    client = signed_in(people.owner)
    client.post(f"{LIST}add/", FORM)
    answer = client.post(f"{LIST}add/", FORM | {"title": "Another"})
    sentence = "A signal with this signal id exists already: choose another."
    assert answer.context["adminform"].form.errors == {"signal_id": [sentence]}
    assert stored(people).title == "Storm over Delhi"


def test_the_list_says_which_count_now(people: People, clock: Any) -> None:
    signed_in(people.owner).post(f"{LIST}add/", FORM)
    place = "Connaught Place Station, places tagged highway and all of Delhi"
    for minutes, chip in ((0, "Announced"), (15, "Counts now"), (150, "Stale"), (750, "Over")):
        clock.now = NOW + minutes * MINUTE
        client = signed_in(people.analyst)
        row = f"Weather IMD {place} Tue 2 Mar 2027, 17:45 IST to Tue 2 Mar 2027, 20:00 IST {chip}"
        assert row in seen(client.get(LIST).content.decode())
        counted = client.get(f"{LIST}?now=counts").content.decode()
        assert ("Storm over Delhi" in counted) is (chip == "Counts now")
        assert chip in seen(client.get(address(people)).content.decode())


def test_a_signal_is_withdrawn_by_its_button_and_entered_again_by_saving_it(people: People, clock: Any) -> None:
    client = signed_in(people.colleague)
    client.post(f"{LIST}add/", FORM)
    clock.now = NOW + 20 * MINUTE
    button = f"{LIST}{stored(people).pk}/withdraw_signal/"
    assert "Quotes, orders and sessions that have one keep it." in seen(client.get(button).content.decode())
    assert stored(people).withdrawn_at is None
    assert signed_in(people.analyst).post(button, {"_form_submitted": "True"}).status_code == 403
    signed_in(people.outsider).post(button, {"_form_submitted": "True"})
    assert stored(people).withdrawn_at is None
    text = seen(client.post(button, {"_form_submitted": "True"}, follow=True).content.decode())
    assert "“Storm over Delhi” is withdrawn." in text
    assert stored(people).withdrawn_at == NOW + 20 * MINUTE
    assert "Withdraw " not in seen(client.get(address(people)).content.decode())
    client.post(address(people), FORM)
    assert (stored(people).withdrawn_at, stored(people).counts_from) == (None, NOW + 35 * MINUTE)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param(
            {"ends_at": "2027-03-02T17:45", "stale_after": ""},
            "is over before its notice is, so it never counts: give a later end if it should.",
            id="ends-with-its-notice",
        ),
        pytest.param(
            {"stale_after": "2027-03-02T17:45"},
            "is stale before its notice is over, so it never counts: save it with a later time before Tue 2 Mar 2027, "
            "17:45 IST if it should.",
            id="stale-with-its-notice",
        ),
        pytest.param(
            {"stale_after": "2027-03-02T17:46"},
            "counts from Tue 2 Mar 2027, 17:45 IST until Tue 2 Mar 2027, 17:46 IST and is stale then",
            id="stale-a-minute-later",
        ),
        pytest.param(
            {"stale_after": "2027-03-03T06:00"},
            "counts from Tue 2 Mar 2027, 17:45 IST until Wed 3 Mar 2027, 06:00 IST: surges",
            id="stale-with-its-end",
        ),
    ],
)
def test_what_was_saved_tells_until_when_it_counts(people: People, changes: dict[str, str], sentence: str) -> None:
    text = seen(signed_in(people.owner).post(f"{LIST}add/", FORM | changes, follow=True).content.decode())
    assert sentence in text


def test_the_download_has_the_times_of_the_cpo_s_clock(people: People) -> None:
    client = signed_in(people.owner)
    client.post(f"{LIST}add/", FORM)
    headings, row = client.get(f"{LIST}export/").content.decode("utf-8-sig").splitlines()
    assert headings.endswith(
        "From (Asia/Kolkata),Until (Asia/Kolkata),Counts from (Asia/Kolkata),Withdrawn (Asia/Kolkata),Now"
    )
    assert row == (
        'storm,Storm over Delhi,Weather,IMD,"Connaught Place Station, places tagged highway and all of Delhi",'
        "2027-03-02 17:30:00,2027-03-03 06:00:00,2027-03-02 17:45:00,,Announced"
    )


def test_the_policy_page_says_which_cap_holds_and_which_is_announced(people: People, clock: Any) -> None:
    with cpo_scope(people.here.cpo):
        row = SurgePolicy.objects.create(cpo=people.here.cpo, cap_percent=Decimal(20))
    page = "/admin/pricing/surgepolicy/"
    address = f"{page}{row.pk}/change/"
    client = signed_in(people.colleague)
    assert client.get(page).headers["Location"] == address
    form = {"notice_hours": "48", "signal_notice_minutes": "30", "cap_percent": "35"}
    assert signed_in(people.analyst).post(address, form).status_code == 403
    signed_in(people.outsider).post(address, form)
    assert "Holds now 20 %" in seen(client.get(address).content.decode())
    text = seen(client.post(address, form, follow=True).content.decode())
    announced = "20 %; for sessions planned to start from Thu 4 Mar 2027, 17:30 IST: 35 %"
    assert announced in text
    assert announced in seen(signed_in(people.analyst).get(address).content.decode())
    clock.now = NOW + 2 * DAY
    client = signed_in(people.colleague)
    assert "Holds now 35 %" in seen(client.get(address).content.decode())
    text = seen(client.post(address, form | {"cap_percent": ""}, follow=True).content.decode())
    assert "35 %; for sessions planned to start from Sat 6 Mar 2027, 17:30 IST: no limit" in text
