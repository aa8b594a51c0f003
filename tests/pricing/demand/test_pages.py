"""The pages of demand policies: what the form writes and refuses, the switches, and what is told of each location."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Location
from pricing.demand.rules import rules_of
from pricing.engine.demand import DemandLevel, DemandPolicy
from pricing.models import DemandDecision, SurgePolicy
from pricing.models import DemandPolicy as PolicyRow
from tests.people import People, make_people, signed_in
from tests.pricing.demand.samples import add_connectors, decided, live_policy, make_policy, row_of
from tests.pricing.surges.samples import make_schedule, no_notice

pytestmark = pytest.mark.django_db
LIST = "/admin/pricing/demandpolicy/"
MINUTE = timedelta(minutes=1)
FORM: dict[str, Any] = {
    "name": "Busy station fee",
    "policy_id": "busy",
    "explanation": "Many drivers wait here.",
    "stacking_group": "",
    "levels-0-on": "70",
    "levels-0-off": "55",
    "levels-0-percent": "12.5",
    "levels-1-on": "90",
    "levels-1-off": "75",
    "levels-1-percent": "20",
    "levels-2-on": "",
    "levels-2-off": "",
    "levels-2-percent": "",
    "cap_percent": "18",
    "highest_rate": "24.50",
    "half_life": "5",
    "dwell_up": "10",
    "dwell_down": "20",
    "notice": "15",
    "stale_after": "12",
    "least_reporting": "3",
    "surcharged_per_day": "240",
    "changes_per_day": "",
    "grid_weight": "0.8",
    "location_ids": ["cp-station"],
    "location_tags": [],
}
WRITTEN = DemandPolicy(
    levels=(
        DemandLevel(Decimal("0.70"), Decimal("0.55"), Decimal("12.5")),
        DemandLevel(Decimal("0.90"), Decimal("0.75"), Decimal(20)),
    ),
    cap_percent=Decimal(18),
    highest_rate=Decimal("24.50"),
    half_life=5 * MINUTE,
    dwell_up=10 * MINUTE,
    dwell_down=20 * MINUTE,
    notice=15 * MINUTE,
    stale_after=12 * MINUTE,
    least_reporting=3,
    surcharged_per_day=240 * MINUTE,
    grid_weight=Decimal("0.8"),
)


@pytest.fixture
def people() -> People:
    found = make_people()
    add_connectors(found.here)
    return found


def page(people: People, path: str, person: str = "colleague") -> str:
    return signed_in(getattr(people, person)).get(f"{LIST}{path}").content.decode()


def only(people: People) -> PolicyRow:
    with cpo_scope(people.here.cpo):
        return PolicyRow.objects.get()


def test_a_member_writes_a_policy_and_reads_it_again(people: People) -> None:
    signed_in(people.colleague).post(f"{LIST}add/", FORM)
    policy = only(people)
    assert (rules_of(policy), policy.location_ids, policy.is_active, policy.number) == (
        WRITTEN,
        ["cp-station"],
        False,
        1,
    )
    shown = page(people, f"{policy.pk}/change/")
    for name, value in (("levels-0-on", "70"), ("levels-1-percent", "20"), ("notice", "15"), ("grid_weight", "0.8")):
        assert re.search(rf'name="{name}"[^>]*value="{value}"|value="{value}"[^>]*name="{name}"', shown), name
    assert "20 % from a load of 90 %, until it is below 75 %" in shown
    assert "18 % of the energy price and ₹24.50 per kWh with the surcharge" in shown
    assert "at Connaught Place Station" in shown
    assert "It is switched off: nothing is charged." in shown
    answer = signed_in(people.colleague).post(f"{LIST}{policy.pk}/change/", FORM | {"name": "Rush fee"})
    assert answer.status_code == 302
    again = only(people)
    assert (again.name, rules_of(again), again.number) == ("Rush fee", WRITTEN, 1)
    signed_in(people.colleague).post(f"{LIST}{policy.pk}/change/", FORM | {"levels-1-percent": "19"})
    assert only(people).number == 2


REFUSED: dict[str, tuple[dict[str, str], str]] = {
    "no-level": ({f"levels-{n}-{x}": "" for n in (0, 1) for x in ("on", "off", "percent")}, "Give at least one level."),
    "no-number": ({"levels-0-on": "many"}, "Level 1: give three numbers in percent, such as 70, 55 and 10."),
    "too-fine": ({"levels-0-on": "70.123"}, "Level 1: give percentages up to 1,000 with at most two decimals."),
    "not-finite": ({"levels-0-on": "NaN"}, "Give numbers as the thresholds and the percent of level 1."),
    "above-all": (
        {"levels-1-on": "120"},
        "Set the thresholds of level 2 between 0 and 100 %, the off below the on-threshold.",
    ),
    "narrow-band": (
        {"levels-0-off": "65"},
        "Set the off-threshold of level 1 at least 10 points below its on-threshold of 70 %.",
    ),
    "not-higher": ({"levels-1-percent": "10"}, "Set the surcharge of level 2 above that of level 1."),
    "cap": ({"cap_percent": "0"}, "Set the cap of the surcharge above 0 %."),
    "rate": ({"highest_rate": "-1"}, "Set the highest rate per kWh above 0, or leave it out."),
    "smoothing": ({"half_life": "0"}, "Set the half-life of the smoothing above 0 minutes."),
    "dwell": ({"dwell_down": "-1"}, "Set the time before a fall to 0 minutes or more."),
    "notice": ({"notice": "14"}, "Set it to at least 15 min, which you promise of levels of demand."),
    "connectors": ({"least_reporting": "0"}, "Ask for at least 1 connector that reports."),
    "day": (
        {"surcharged_per_day": "1441"},
        "Allow between 1 and 1440 surcharged minutes a day, or leave the limit out.",
    ),
    "changes": (
        {"changes_per_day": "1"},
        "Allow at least 2 changes a day, a rise and its fall, or leave the limit out.",
    ),
    "grid": ({"grid_weight": "1.1"}, "Set the weight of the grid&#x27;s stress between 0 and 1."),
    "id-of-a-surge": ({"policy_id": "rush"}, "A surge has this id: choose another one."),
}
AT = {
    "no-level": "levels", "no-number": "levels", "too-fine": "levels", "not-finite": "levels", "above-all": "levels",
    "narrow-band": "levels", "not-higher": "levels", "cap": "cap_percent", "rate": "highest_rate",
    "smoothing": "half_life", "dwell": "dwell_down", "notice": "notice", "connectors": "least_reporting",
    "day": "surcharged_per_day", "changes": "changes_per_day", "grid": "grid_weight", "id-of-a-surge": "policy_id",
}  # fmt: skip


@pytest.mark.parametrize(("changes", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_the_rules_refuse_is_told_at_its_field(
    people: People, changes: dict[str, str], sentence: str, request: pytest.FixtureRequest
) -> None:
    with cpo_scope(people.here.cpo):
        make_schedule(people.here.cpo, schedule_id="rush")
    answer = signed_in(people.colleague).post(f"{LIST}add/", FORM | changes)
    assert answer.status_code == 200
    errors = answer.context["adminform"].form.errors
    field = AT[request.node.callspec.id]
    assert (list(errors), sentence.replace("&#x27;", "'") in errors[field]) == ([field], True)
    assert sentence in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert not PolicyRow.objects.exists()


def test_all_that_is_wrong_is_told_at_once(people: People) -> None:
    wrong = {"levels-0-off": "65", "cap_percent": "0", "half_life": "0"}
    answer = signed_in(people.colleague).post(f"{LIST}add/", FORM | wrong)
    assert sorted(answer.context["adminform"].form.errors) == ["cap_percent", "half_life", "levels"]


def test_a_longer_promise_asks_for_a_longer_notice(people: People) -> None:
    with cpo_scope(people.here.cpo):
        SurgePolicy.objects.create(cpo=people.here.cpo, signal_notice_minutes=30)
    answer = signed_in(people.colleague).post(f"{LIST}add/", FORM)
    assert answer.context["adminform"].form.errors == {
        "notice": ["Set it to at least 30 min, which you promise of levels of demand."]
    }


def test_the_switches_ask_first_and_act_at_once(people: People) -> None:
    policy = make_policy(people.here.cpo)
    browser = signed_in(people.colleague)
    on, off = f"{LIST}{policy.pk}/switch_on/", f"{LIST}{policy.pk}/switch_off/"
    assert "each rise is announced first" in browser.get(on).content.decode()
    assert only(people).is_active is False
    form = {"_form_submitted": "True"}
    assert "is switched on." in browser.post(on, form, follow=True).content.decode()
    no_notice(people.here.cpo)
    decided(people.here, 3)
    assert row_of(people.here).level == 1
    assert "nobody is quoted it any more" in browser.post(off, form, follow=True).content.decode()
    assert (only(people).is_active, row_of(people.here).level) == (False, 0)
    with cpo_scope(people.here.cpo):
        last = DemandDecision.objects.order_by("-at")[0]
    assert (last.reason, last.by) == ("SWITCHED_OFF", people.colleague)


def test_the_page_of_levels_tells_where_each_location_stands(people: People) -> None:
    no_notice(people.here.cpo)
    policy = live_policy(people.here.cpo)
    for count in (3, 4, 4):
        decided(people.here, count)
    shown = page(people, f"{policy.pk}/levels/")
    assert "Level 3 (25 %)" in shown
    assert "Level 3 (25 %) from now on: the load of 100 % has reached 95 %." in shown
    assert shown.count('<rect class="demand-level"') == 3
    assert "level 1 from 60 %, off below 45 %" in shown
    assert ">4 of 4<" in shown
    week = page(people, f"{policy.pk}/levels/?days=7&location=cp-station")
    assert "in the last 7 days" in week
    assert signed_in(people.colleague).get(f"{LIST}{policy.pk}/levels/?location=elsewhere").status_code == 404


def test_the_chart_names_nothing_that_a_browser_would_run(people: People) -> None:
    no_notice(people.here.cpo)
    policy = live_policy(people.here.cpo)
    with cpo_scope(people.here.cpo):
        Location.objects.update(name='"><script>x</script>')
    decided(people.here, 3)
    shown = page(people, f"{policy.pk}/levels/")
    assert "<script>x" not in shown
    assert "&lt;script&gt;x" in shown


def test_a_policy_of_which_nothing_is_known_yet_has_a_page(people: People) -> None:
    policy = make_policy(people.here.cpo)
    assert "Nothing was decided yet: switch the policy on." in page(people, f"{policy.pk}/levels/")


def test_an_analyst_looks_and_an_outsider_finds_nothing(people: People) -> None:
    no_notice(people.here.cpo)
    policy = live_policy(people.here.cpo, replace(WRITTEN, notice=0 * MINUTE))
    shown = page(people, f"{policy.pk}/change/", "analyst")
    assert "20 % from a load of 90 %, until it is below 75 %" in shown
    assert 'name="levels-0-on"' not in shown
    assert signed_in(people.analyst).get(f"{LIST}{policy.pk}/levels/").status_code == 200
    for path in (f"{policy.pk}/change/", f"{policy.pk}/levels/", f"{policy.pk}/switch_off/"):
        assert signed_in(people.outsider).get(f"{LIST}{path}").status_code == 302
    assert signed_in(people.analyst).post(f"{LIST}{policy.pk}/switch_off/").status_code == 403
    assert only(people).is_active is True


def test_the_list_says_what_each_adds_and_where(people: People) -> None:
    live_policy(people.here.cpo, location_tags=["highway"], stacking_group="peak")
    shown = page(people, "")
    for text in ("Busy station fee", "10 %, 20 %, 30 %", "at places tagged highway", "peak"):
        assert text in shown
