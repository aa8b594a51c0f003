"""How the bases of the pages keep to one CPO; that every page of the portal does is proved in tests/tenancy."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from cpo_portal.accounts.models import ApiToken, Role
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.network.models import Charger, ChargingSystem, ChargingSystemToken, Location, Product
from tests.adminkit.conftest import client_of, join, make_location

pytestmark = pytest.mark.django_db


def url(name: str, page: str, *args: Any) -> str:
    return reverse(f"admin:{name}_{page}", args=args)


def location_form(**fields: Any) -> dict[str, Any]:
    return {
        "location_id": "v2",
        "name": "New",
        "address": "2 Road",
        "city": "Mysuru",
        "latitude": "12.3",
        "longitude": "76.6",
        "chargers-TOTAL_FORMS": 0,
        "chargers-INITIAL_FORMS": 0,
        **fields,
    }


def test_a_new_row_gets_the_active_cpo_and_never_one_from_the_form(
    visit: Any, world: SimpleNamespace, shelf: Any
) -> None:
    answer = visit("colleague", url("network_location", "add"), location_form(cpo=world.gridgo.pk))
    assert answer.headers["Location"] == url("network_location", "changelist")
    with cpo_scope(world.voltway):
        assert Location.objects.get(location_id="v2").cpo == world.voltway
    with cpo_scope(world.gridgo):
        assert Location.objects.count() == 1


def test_an_inline_row_gets_the_active_cpo(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    rows = {
        "chargers-TOTAL_FORMS": 1,
        "chargers-0-evse_id": "e1",
        "chargers-0-name": "East",
        "chargers-0-location": world.place.pk,
    }
    data = location_form(location_id="v1", **rows)
    assert visit("owner", url("network_location", "change", world.place.pk), data).status_code == 302
    with cpo_scope(world.voltway):
        assert [(charger.name, charger.cpo) for charger in Charger.objects.all()] == [("East", world.voltway)]


def test_unique_within_the_cpo_is_said_at_the_field_and_another_cpo_may_use_the_same_id(
    visit: Any, world: SimpleNamespace, shelf: Any
) -> None:
    taken = visit("owner", url("network_location", "add"), location_form(location_id="v1"))
    assert taken.status_code == 200
    assert taken.context["adminform"].form.errors == {
        "location_id": ["A location with this location id exists already: choose another."]
    }
    assert visit("owner", url("network_location", "add"), location_form(location_id="g1")).status_code == 302


def test_a_form_opened_for_one_cpo_does_not_write_into_the_next(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    answer = visit("owner", url("network_location", "add"), location_form(_cpo=world.gridgo.pk), follow=True)
    assert "Nothing was saved: you have switched to Voltway" in answer.content.decode()
    with every_cpo():
        assert Location.objects.count() == 2
    form = visit("owner", url("network_location", "add")).content.decode()
    assert f'<input type="hidden" name="_cpo" value="{world.voltway.pk}">' in form


@pytest.fixture
def systems(world: SimpleNamespace) -> SimpleNamespace:
    made = SimpleNamespace()
    for cpo, name in ((world.voltway, "own"), (world.gridgo, "foreign")):
        with cpo_scope(cpo):
            system = ChargingSystem.objects.create(cpo=cpo, name=f"{cpo.name} CSMS")
            token = world.token if name == "own" else world.foreign_token
            ChargingSystemToken.objects.create(token=token, system=system)
            setattr(made, name, system)
    return made


def test_relations_offer_the_cpos_rows_alone(
    visit: Any, world: SimpleNamespace, shelf: Any, systems: SimpleNamespace
) -> None:
    charger = visit("owner", url("network_charger", "add")).context["adminform"].form
    assert list(charger.fields["system"].queryset) == [systems.own]
    assert list(charger.fields["location"].queryset) == [world.place]
    product = visit("owner", url("network_product", "add")).context["adminform"].form
    assert list(product.fields["locations"].queryset) == [world.place]


def test_another_cpos_row_is_refused_as_a_choice_and_nothing_is_saved(
    visit: Any, world: SimpleNamespace, shelf: Any, systems: SimpleNamespace
) -> None:
    foreign = {"location": world.foreign_place.pk, "system": systems.foreign.pk, "evse_id": "e9", "name": "Stolen"}
    answer = visit("owner", url("network_charger", "add"), foreign)
    assert sorted(answer.context["adminform"].form.errors) == ["location", "system"]
    many = {"product_id": "p", "name": "Tea", "price": "20", "locations": [world.foreign_place.pk]}
    answer = visit("owner", url("network_product", "add"), many)
    assert sorted(answer.context["adminform"].form.errors) == ["locations"]
    with every_cpo():
        assert (Charger.objects.count(), Product.objects.count()) == (0, 0)


def test_a_model_that_belongs_to_a_cpo_only_through_its_parent_is_scoped_too(
    visit: Any, world: SimpleNamespace, shelf: Any, systems: SimpleNamespace
) -> None:
    name = "network_chargingsystemtoken"
    text = visit("owner", url(name, "changelist")).content.decode()
    assert "Voltway CSMS" in text
    assert "Gridgo" not in text
    form = visit("owner", url(name, "add")).context["adminform"].form
    assert list(form.fields["token"].queryset) == [world.token]
    assert list(form.fields["system"].queryset) == [systems.own]
    foreign = visit("owner", url(name, "change", world.foreign_token.pk))
    assert (foreign.status_code, foreign.headers["Location"]) == (302, reverse("admin:index"))
    stolen = visit("owner", url(name, "add"), {"token": world.foreign_token.pk, "system": systems.own.pk})
    assert sorted(stolen.context["adminform"].form.errors) == ["token"]
    with every_cpo():
        assert ChargingSystemToken.objects.count() == 2


def test_filters_offer_the_cpos_values_alone(
    visit: Any, world: SimpleNamespace, shelf: Any, systems: SimpleNamespace
) -> None:
    for name, own, foreign in (
        ("network_location", ["Voltway CSMS"], ["Gridgo CSMS", "Surat"]),
        ("network_charger", ["Voltway Hub", "Voltway CSMS"], ["Gridgo Depot", "Gridgo CSMS"]),
        ("network_chargingsystemtoken", ["Voltway CSMS"], ["Gridgo CSMS"]),
    ):
        make_location(world.voltway, f"x{name}", "Other", "Hubli")
        choices = str(
            [
                list(spec.choices(answer.context["cl"]))
                for answer in [visit("owner", url(name, "changelist"))]
                for spec in answer.context["cl"].filter_specs
            ]
        )
        text = visit("owner", url(name, "changelist")).content.decode() + choices
        assert [value for value in foreign if value in text] == []
        assert name != "network_chargingsystemtoken" or own[0] in text


def test_a_filter_by_another_cpos_row_finds_nothing(
    visit: Any, world: SimpleNamespace, shelf: Any, systems: SimpleNamespace
) -> None:
    answer = visit("owner", url("network_charger", "changelist") + f"?location__id__exact={world.foreign_place.pk}")
    assert list(answer.context["cl"].queryset) == []
    refused = visit("owner", url("accounts_membership", "changelist") + "?user__password__startswith=pbkdf2")
    assert refused.status_code == 400


def select(action: str, *keys: int, **extra: Any) -> dict[str, Any]:
    return {"action": action, "_selected_action": [str(key) for key in keys], "index": "0", **extra}


def test_an_action_runs_on_the_cpos_rows_alone(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    data = select("hide", world.place.pk, world.foreign_place.pk, select_across="1")
    assert visit("colleague", url("network_location", "changelist"), data).status_code == 302
    with every_cpo():
        assert dict(Location.objects.values_list("location_id", "is_published")) == {"v1": False, "g1": True}


@pytest.mark.parametrize("action", ["hide", "delete_selected"])
def test_an_analyst_runs_no_action_even_one_that_names_no_permission(
    visit: Any, world: SimpleNamespace, shelf: Any, action: str
) -> None:
    visit("analyst", url("network_location", "changelist"), select(action, world.place.pk, post="yes"))
    with every_cpo():
        assert list(Location.objects.filter(cpo=world.voltway).values_list("location_id", "is_published")) == [
            ("v1", True)
        ]


def test_delete_selected_leaves_other_cpos_rows(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    data = select("delete_selected", world.place.pk, world.foreign_place.pk, post="yes")
    visit("owner", url("network_location", "changelist"), data)
    with every_cpo():
        assert list(Location.objects.values_list("location_id", flat=True)) == ["g1"]


BUTTON = {
    "owner": ("owner", 302, False),
    "colleague": ("colleague", 302, False),
    "analyst": ("analyst", 403, True),
    "outsider": ("outsider", 302, True),
}


@pytest.mark.parametrize(("person", "status", "still_published"), BUTTON.values(), ids=BUTTON)
def test_a_button_acts_on_post_inside_the_cpo_for_those_who_may_operate(
    visit: Any, world: SimpleNamespace, shelf: Any, person: str, status: int, still_published: bool
) -> None:
    address = reverse("admin:network_location_publish", args=[world.place.pk])
    visit(person, address)
    with every_cpo():
        assert Location.objects.get(pk=world.place.pk).is_published is True
    answer = visit(person, address, {"_form_submitted": "on"})
    assert answer.status_code == status
    with every_cpo():
        assert Location.objects.get(pk=world.place.pk).is_published is still_published


def test_a_button_pressed_in_a_dialog_sends_the_browser_on_by_header(
    visit: Any, world: SimpleNamespace, shelf: Any
) -> None:
    address = reverse("admin:network_location_publish", args=[world.place.pk])
    answer = visit("owner", address, {"_form_submitted": "on"}, HTTP_HX_REQUEST="true")
    assert answer.headers["HX-Redirect"] == url("network_location", "change", world.place.pk)


def test_an_export_holds_the_cpos_rows_the_named_columns_and_no_formula(
    visit: Any, world: SimpleNamespace, shelf: Any
) -> None:
    for number, name in enumerate(["=cmd|' /C calc'!A0", "+1+2", "-2+3", "@SUM(A1)", "\t=1", "-5"]):
        make_location(world.voltway, f"f{number}", name, "Hubli")
    export = url("network_location", "export")
    every = visit("analyst", export).content.decode("utf-8-sig")
    assert visit("analyst", export + "?city=Bengaluru").content.decode("utf-8-sig").splitlines() == [
        "location_id,name,city",
        "v1,Voltway Hub,Bengaluru",
    ]
    chosen = select("export_admin_action", world.place.pk, world.foreign_place.pk)
    some = visit("analyst", url("network_location", "changelist"), chosen)
    assert some.headers["Content-Type"] == "text/csv"
    assert some.content.decode("utf-8-sig").splitlines() == ["location_id,name,city", "v1,Voltway Hub,Bengaluru"]
    assert sorted(every.splitlines()) == sorted(
        [
            "location_id,name,city",
            "f0,'=cmd|' /C calc'!A0,Hubli",
            "f1,'+1+2,Hubli",
            "f2,'-2+3,Hubli",
            "f3,'@SUM(A1),Hubli",
            "f4,'\t'=1,Hubli",
            "f5,-5,Hubli",
            "v1,Voltway Hub,Bengaluru",
        ]
    )


def test_members_are_exported_without_another_cpos(visit: Any, world: SimpleNamespace) -> None:
    text = visit("colleague", url("accounts_membership", "export")).content.decode("utf-8-sig")
    assert text.splitlines()[0] == "email,first name,last name,role,member since"
    assert [line.split(",")[0] for line in text.splitlines()[1:]] == [
        "analyst@cpo1.com",
        "colleague@cpo1.com",
        "owner@cpo1.com",
    ]


def found(visit: Any, person: str, term: str) -> str:
    return visit(person, reverse("admin:search") + f"?extended=1&s={term}").content.decode()


def test_the_command_search_forgets_the_last_cpo_when_the_person_switches(world: SimpleNamespace, shelf: Any) -> None:
    join(world.gridgo, world.owner, Role.ANALYST)
    client = client_of(world.owner)
    search = reverse("admin:search") + "?extended=1&s=1%20road"
    for cpo, expected in ((world.gridgo, "Gridgo"), (world.voltway, "Voltway"), (world.gridgo, "Gridgo")):
        client.post(reverse("admin:switch_cpo"), {"cpo": cpo.pk})
        other = "Voltway" if expected == "Gridgo" else "Gridgo"
        text = client.get(search.replace("1%20road", "reports") if cpo == world.voltway else search).content.decode()
        assert f"{other} reports" not in text
        names = client.get(reverse("admin:search") + "?extended=1&s=" + expected.lower()).content.decode()
        assert f"{other} Hub" not in names
        assert f"{other} Depot" not in names


@pytest.mark.parametrize("query", ["s=", "s=hub&page=x", "s=hub&page=99", "s=" + "x" * 5000, "s=%25%5f"])
def test_the_command_search_answers_odd_questions(visit: Any, world: SimpleNamespace, query: str) -> None:
    assert visit("owner", reverse("admin:search") + "?extended=1&" + query).status_code == 200


def test_addresses_with_nul_are_refused(visit: Any, world: SimpleNamespace) -> None:
    for address in ("?q=%00", "?name=a%00b", "x%00/change/"):
        assert visit("owner", url("accounts_apitoken", "changelist") + address).status_code == 400


def test_history_of_an_own_row_is_shown_to_members(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    visit("owner", url("network_location", "change", world.place.pk), location_form(location_id="v1", name="Renamed"))
    text = visit("analyst", url("network_location", "history", world.place.pk)).content.decode()
    assert "owner@cpo1.com" in text


def test_view_on_site_which_reads_rows_by_number_is_not_there(visit: Any, world: SimpleNamespace) -> None:
    assert visit("owner", "/admin/r/1/1/").status_code == 404


def test_deleting_asks_about_the_cpos_own_rows_alone(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    text = visit("owner", url("network_location", "delete", world.place.pk)).content.decode()
    assert "Voltway Hub" in text
    assert "Gridgo" not in text


RIGHTS = {
    "owner": {"view", "add", "change", "delete", "operate"},
    "colleague": {"view", "add", "change", "delete", "operate"},
    "analyst": {"view"},
    "operator": {"view", "add", "change", "delete", "operate"},
}


@pytest.mark.parametrize(("person", "expected"), RIGHTS.items(), ids=RIGHTS)
def test_rights_follow_from_the_role(
    rf: Any, world: SimpleNamespace, shelf: Any, person: str, expected: set[str]
) -> None:
    from cpo_portal.accounts.access import rights_of

    model_admin = shelf._registry[Location]
    request = rf.get("/admin/")
    request.user = getattr(world, person)
    request.cpo, request.rights = world.voltway, rights_of(request.user, world.voltway)
    verbs = ["view", "add", "change", "delete", "operate"]
    assert {verb for verb in verbs if getattr(model_admin, f"has_{verb}_permission")(request)} == expected
    verbs.remove("add")
    assert {verb for verb in verbs if getattr(model_admin, f"has_{verb}_permission")(request, world.place)} == (
        expected - {"add"}
    )
    assert not any(getattr(model_admin, f"has_{verb}_permission")(request, world.foreign_place) for verb in verbs)


def test_without_the_middleware_everything_is_closed(rf: Any, world: SimpleNamespace, shelf: Any) -> None:
    request = rf.get("/admin/")
    request.user = world.operator
    model_admin = shelf._registry[Location]
    assert not model_admin.has_view_permission(request)
    assert list(model_admin.get_queryset(request)) == []


def test_read_only_pages_have_no_save_button(visit: Any, world: SimpleNamespace, shelf: Any) -> None:
    text = visit("owner", url("accounts_apitoken", "change", world.token.pk)).content.decode()
    assert 'name="_save"' not in text
    assert visit("owner", url("accounts_apitoken", "change", world.token.pk), {"name": "x"}).status_code == 403
    with every_cpo():
        assert ApiToken.objects.get(pk=world.token.pk).name == "Voltway reports"
    assert 'name="_save"' not in visit("analyst", url("network_location", "change", world.place.pk)).content.decode()


def test_an_export_that_names_no_columns_is_refused(rf: Any, world: SimpleNamespace, shelf: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    class Careless(TenantExportMixin, TenantAdmin):
        pass

    with pytest.raises(ImproperlyConfigured, match="needs export_fields: a row may hold secrets"):
        Careless(ApiToken, shelf).get_export_resource_classes(rf.get("/admin/"))
