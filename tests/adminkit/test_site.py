"""The active CPO, the switcher, the start page, the navigation and the headers of the admin."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cpo_portal.accounts.models import Cpo, Role, User
from cpo_portal.accounts.tenancy import current_cpo
from tests.adminkit.conftest import client_of, join, make_person

pytestmark = pytest.mark.django_db

INDEX = "/admin/"


def active(client: Client) -> Cpo | None:
    answer = client.get(INDEX)
    cpo: Cpo | None = answer.context["active_cpo"]
    return cpo


def test_the_first_cpo_by_name_is_active_until_the_person_switches(world: SimpleNamespace) -> None:
    join(world.gridgo, world.colleague, Role.ANALYST)
    client = client_of(world.colleague)
    assert active(client) == world.gridgo
    answer = client.post(reverse("admin:switch_cpo"), {"cpo": world.voltway.pk})
    assert (answer.status_code, answer.headers["Location"]) == (302, INDEX)
    assert active(client) == world.voltway


def test_switching_on_a_list_stays_on_that_list_and_nowhere_else(world: SimpleNamespace) -> None:
    client = client_of(world.operator)
    tokens = reverse("admin:accounts_apitoken_changelist")
    for address, target in {
        tokens: tokens,
        f"{tokens}?scope__exact=STAFF": tokens,
        reverse("admin:accounts_apitoken_change", args=[world.token.pk]): INDEX,
        "https://elsewhere.example/admin/": INDEX,
        "//elsewhere.example": INDEX,
        "/nowhere/": INDEX,
        "": INDEX,
    }.items():
        answer = client.post(reverse("admin:switch_cpo"), {"cpo": world.voltway.pk, "next": address})
        assert answer.headers["Location"] == target


@pytest.mark.parametrize("person", ["owner", "colleague", "analyst"])
def test_switching_to_a_foreign_cpo_is_refused_like_one_that_does_not_exist(
    world: SimpleNamespace, person: str
) -> None:
    client = client_of(getattr(world, person))
    foreign = client.post(reverse("admin:switch_cpo"), {"cpo": world.gridgo.pk})
    nothing = client.post(reverse("admin:switch_cpo"), {"cpo": 987654})
    assert (foreign.status_code, nothing.status_code) == (404, 404)
    assert foreign.content == nothing.content
    assert "cpo" not in client.session
    assert active(client) == world.voltway


def test_a_switch_asks_for_post_and_for_the_csrf_token(world: SimpleNamespace) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.operator, backend="django.contrib.auth.backends.ModelBackend")
    assert client.get(reverse("admin:switch_cpo")).status_code == 405
    assert client.post(reverse("admin:switch_cpo"), {"cpo": world.voltway.pk}).status_code == 403
    assert "cpo" not in client.session


def test_a_session_that_names_a_cpo_the_person_left_falls_back(world: SimpleNamespace) -> None:
    client = client_of(world.owner)
    for stale in (world.gridgo.pk, 987654, "x", None):
        session = client.session
        session["cpo"] = stale
        session.save()
        assert active(client) == world.voltway


def test_a_closed_cpo_is_no_longer_there(world: SimpleNamespace) -> None:
    Cpo.objects.filter(pk=world.voltway.pk).update(is_active=False)
    assert client_of(world.owner).get(INDEX).status_code == 403


def test_a_person_without_a_cpo_sees_one_plain_page_and_may_leave(world: SimpleNamespace) -> None:
    client = client_of(make_person("new@nowhere.example"))
    for address in (INDEX, reverse("admin:accounts_apitoken_changelist"), reverse("admin:search") + "?s=a"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert "new@nowhere.example belongs to no CPO" in answer.content.decode()
        assert "Voltway" not in answer.content.decode()
    assert client.get(reverse("admin:password_change")).status_code == 200
    assert client.post(reverse("admin:logout")).status_code == 200


def test_an_operator_of_a_platform_without_cpos_is_led_to_add_one(db: None) -> None:
    client = client_of(make_person("operator@platform.example", is_superuser=True))
    text = client.get(INDEX).content.decode()
    assert "There is no CPO yet" in text
    assert reverse("admin:accounts_cpo_add") in text
    assert client.get(reverse("admin:accounts_apitoken_changelist")).status_code == 403


def test_other_addresses_are_answered_outside_any_cpo_and_without_the_database(
    world: SimpleNamespace, rf: Any, django_assert_num_queries: Any
) -> None:
    from cpo_portal.adminkit.middleware import ActiveCpoMiddleware

    seen = []
    middleware = ActiveCpoMiddleware(lambda request: seen.append((vars(request).get("cpo"), current_cpo())))  # type: ignore[arg-type,return-value]
    with django_assert_num_queries(0):
        for path in ("/beckn/select", "/api/price-check", "/healthz", "/administrator"):
            middleware(rf.get(path))
    assert seen == [(None, None)] * 4


def test_a_signed_in_browser_on_other_addresses_costs_no_query(
    world: SimpleNamespace, django_assert_num_queries: Any
) -> None:
    client = client_of(world.owner)
    with django_assert_num_queries(0):
        assert client.get("/no-such-address").status_code == 404


def test_the_policy_is_relaxed_under_the_admin_alone(world: SimpleNamespace) -> None:
    policy = "Content-Security-Policy"
    client = client_of(world.owner)
    for address in (INDEX, reverse("admin:accounts_apitoken_add")):
        assert "script-src 'self' 'unsafe-eval';" in client.get(address).headers[policy] + ";"
    login = Client().get(reverse("admin:login")).headers[policy]
    assert "style-src 'self' 'unsafe-inline'" in login
    elsewhere = client.get("/no-such-address").headers[policy]
    assert "unsafe" not in elsewhere
    assert "default-src 'none'" in elsewhere


def test_the_start_page_counts_the_cpos_own_rows(world: SimpleNamespace) -> None:
    steps = client_of(world.owner).get(INDEX).context["steps"]
    counts = {step["title"]: (step["count"], step["add"]) for step in steps}
    assert counts["Invite the team"] == (3, reverse("admin:accounts_membership_add"))
    assert counts["Connect systems"] == (1, reverse("admin:accounts_apitoken_add"))
    looking = {step["title"]: step["add"] for step in client_of(world.analyst).get(INDEX).context["steps"]}
    assert (looking["The team"], looking["Systems"]) == (None, None)


def sidebar(user: User) -> dict[str, list[str]]:
    groups = client_of(user).get(INDEX).context["sidebar_navigation"]
    return {group.get("title", ""): [item["title"] for item in group["items"]] for group in groups}


def test_the_navigation_shows_what_the_person_may_open(world: SimpleNamespace) -> None:
    assert sidebar(world.analyst)["Team"] == ["Members", "API tokens"]
    assert sidebar(world.analyst)["Platform"] == ["CPOs"]
    assert sidebar(world.operator)["Platform"] == ["CPOs", "Users", "Failed sign-ins", "Held callbacks"]


def test_every_link_of_the_navigation_opens(world: SimpleNamespace) -> None:
    for user in (world.owner, world.analyst, world.operator):
        client = client_of(user)
        for group in client.get(INDEX).context["sidebar_navigation"]:
            for item in group["items"]:
                assert (item["link"], client.get(item["link"], follow=True).status_code) == (item["link"], 200)


def test_the_switcher_lists_only_the_persons_cpos(world: SimpleNamespace) -> None:
    Cpo.objects.create(provider_id="cpo3.com", name="Third")
    join(world.gridgo, world.colleague, Role.ANALYST)
    text = client_of(world.colleague).get(INDEX).content.decode()
    assert [name for name in ("Voltway", "Gridgo", "Third") if name in text] == ["Voltway", "Gridgo"]
    assert reverse("admin:switch_cpo") not in client_of(world.owner).get(INDEX).content.decode()
