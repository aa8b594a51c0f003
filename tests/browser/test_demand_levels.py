"""In a real browser: a demand policy is written, refused at a field, switched on, and watched."""

from __future__ import annotations

from typing import Any

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.demand.rules import rules_of
from pricing.models import DemandPolicy
from tests.browser.staff import IN_A_BROWSER, sign_in
from tests.pricing.demand.samples import add_connectors, decided
from tests.world import make_world

pytestmark = IN_A_BROWSER


def test_a_policy_is_written_switched_on_and_watched(tab: Any, live_server: Any) -> None:
    world = make_world()
    add_connectors(world)
    errors = sign_in(tab, live_server, world.cpo)
    tab.goto(f"{live_server.url}/admin/pricing/demandpolicy/add/")
    tab.fill("[name=name]", "Busy station fee")
    tab.fill("[name=policy_id]", "busy")
    tab.click("text=+ Add a level")
    for part, value in (("on", "95"), ("off", "90"), ("percent", "30")):
        tab.fill(f"[name=levels-3-{part}]", value)
    tab.click("[name=_continue]")
    tab.wait_for_selector("text=at least 10 points below its on-threshold of 95 %")
    tab.fill("[name=levels-2-off]", "80")
    tab.click("[name=_continue]")
    tab.wait_for_selector("text=It is switched off: nothing is charged.")
    with cpo_scope(world.cpo):
        policy = DemandPolicy.objects.get()
    assert [str(x.percent) for x in rules_of(policy).levels] == ["10", "20", "30"]
    tab.click("text=Switch on")
    tab.wait_for_selector("text=each rise is announced first")
    tab.click("form button[type=submit]:has-text('Switch on')")
    tab.wait_for_selector("text=is switched on.")
    decided(world, 3)
    tab.goto(f"{live_server.url}/admin/pricing/demandpolicy/{policy.pk}/levels/")
    tab.wait_for_selector("svg.demand-chart")
    assert "No surcharge: the load of 75 % has reached 70 %, and the level changes at" in tab.content()
    assert errors == []
