"""Members, tokens, CPOs and users: who may do what, and which secrets are shown how often."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import ApiToken, Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.accounts.tokens import find_token
from tests.adminkit.conftest import client_of, join, make_person

pytestmark = pytest.mark.django_db

INVITE = "/admin/accounts/membership/add/"


def roles(cpo: Cpo) -> dict[str, str]:
    with cpo_scope(cpo):
        return dict(Membership.objects.values_list("user__email", "role"))


TEAM = {"owner@cpo1.com": "OWNER", "colleague@cpo1.com": "MANAGER", "analyst@cpo1.com": "ANALYST"}


@pytest.mark.parametrize("person", ["owner", "operator"])
def test_an_owner_invites_by_address_and_sees_the_link_once(world: SimpleNamespace, person: str) -> None:
    client = client_of(getattr(world, person))
    client.post(reverse("admin:switch_cpo"), {"cpo": world.voltway.pk})
    data = {"email": "New.Person@cpo1.com", "full_name": "Meera Nair", "role": "MANAGER"}
    answer = client.post(INVITE, data)
    assert answer.status_code == 200
    assert "no-store" in answer.headers["Cache-Control"]
    link = re.search(r"http://testserver/admin/set-password/[^<\s]+", answer.content.decode())
    assert link is not None
    assert roles(world.voltway) == TEAM | {"New.Person@cpo1.com": "MANAGER"}
    user = User.objects.get(email="New.Person@cpo1.com")
    assert (user.get_full_name(), user.has_usable_password(), user.is_superuser) == ("Meera Nair", False, False)
    assert "set-password" not in client.get("/admin/accounts/membership/").content.decode()

    guest = Client()
    form = guest.get(link.group(), follow=True)
    guest.post(form.request["PATH_INFO"], dict.fromkeys(["new_password1", "new_password2"], "correct horse battery"))
    guest.post("/admin/login/", {"username": "new.person@cpo1.com", "password": "correct horse battery"})
    assert guest.get("/admin/").context["active_cpo"] == world.voltway


@pytest.mark.parametrize("person", ["colleague", "analyst"])
def test_only_owners_manage_members(world: SimpleNamespace, person: str) -> None:
    client = client_of(getattr(world, person))
    member = world.members["analyst"].pk
    assert client.get(INVITE).status_code == 403
    assert client.post(INVITE, {"email": "x@cpo1.com", "role": "OWNER"}).status_code == 403
    assert client.post(f"/admin/accounts/membership/{member}/change/", {"role": "OWNER"}).status_code == 403
    assert client.post(f"/admin/accounts/membership/{member}/delete/", {"post": "yes"}).status_code == 403
    link = reverse("admin:accounts_membership_new_link", args=[member])
    assert client.post(link, {"_form_submitted": "on"}).status_code == 403
    assert client.get("/admin/accounts/membership/").status_code == 200
    assert roles(world.voltway) == TEAM


def test_an_owner_changes_a_role_and_removes_a_member(world: SimpleNamespace) -> None:
    client = client_of(world.owner)
    change = f"/admin/accounts/membership/{world.members['analyst'].pk}/change/"
    assert client.post(change, {"role": "MANAGER", "user": world.outsider.pk}).status_code == 302
    assert roles(world.voltway) == TEAM | {"analyst@cpo1.com": "MANAGER"}
    remove = f"/admin/accounts/membership/{world.members['colleague'].pk}/delete/"
    assert client.post(remove, {"post": "yes"}).status_code == 302
    assert roles(world.voltway) == {"owner@cpo1.com": "OWNER", "analyst@cpo1.com": "MANAGER"}
    assert User.objects.filter(email="colleague@cpo1.com").count() == 1


def test_the_last_owner_stays(world: SimpleNamespace) -> None:
    client = client_of(world.owner)
    own = world.members["owner"].pk
    answer = client.post(f"/admin/accounts/membership/{own}/change/", {"role": "ANALYST"})
    assert answer.context["adminform"].form.errors == {
        "role": ["A CPO needs an owner: make somebody else owner first."]
    }
    assert client.post(f"/admin/accounts/membership/{own}/delete/", {"post": "yes"}).status_code == 403
    everyone = [member.pk for name, member in world.members.items() if name != "outsider"]
    bulk = {"action": "delete_selected", "_selected_action": everyone, "post": "yes"}
    client.post("/admin/accounts/membership/", bulk)
    assert roles(world.voltway) == TEAM

    join(world.voltway, make_person("second@cpo1.com"), Role.OWNER)
    assert client.post(f"/admin/accounts/membership/{own}/change/", {"role": "ANALYST"}).status_code == 302
    assert roles(world.voltway)["owner@cpo1.com"] == "ANALYST"


def test_an_owner_whose_account_is_closed_does_not_count_as_owner(world: SimpleNamespace) -> None:
    join(world.voltway, make_person("gone@cpo1.com", is_active=False), Role.OWNER)
    own = world.members["owner"].pk
    answer = client_of(world.owner).post(f"/admin/accounts/membership/{own}/change/", {"role": "ANALYST"})
    assert sorted(answer.context["adminform"].form.errors) == ["role"]


INVITATIONS = {
    "a member of this CPO": ("Analyst@CPO1.com", "This person is a member already."),
    "an account elsewhere": (
        "OUTSIDER@cpo2.com",
        "This address has an account already; ask the platform's operator to add the person.",
    ),
    "no address": ("not an address", "Enter a valid email address."),
}


@pytest.mark.parametrize(("email", "sentence"), INVITATIONS.values(), ids=INVITATIONS)
def test_an_invitation_is_refused_and_changes_nothing(world: SimpleNamespace, email: str, sentence: str) -> None:
    answer = client_of(world.owner).post(INVITE, {"email": email, "role": "ANALYST"})
    assert answer.context["adminform"].form.errors == {"email": [sentence]}
    assert roles(world.voltway) == TEAM
    assert User.objects.count() == 5


def test_an_operator_adds_somebody_who_has_an_account_without_a_link(world: SimpleNamespace) -> None:
    client = client_of(world.operator)
    client.post(reverse("admin:switch_cpo"), {"cpo": world.voltway.pk})
    answer = client.post(INVITE, {"email": "outsider@cpo2.com", "role": "ANALYST"}, follow=True)
    assert "set-password" not in answer.content.decode()
    assert roles(world.voltway) == TEAM | {"outsider@cpo2.com": "ANALYST"}


def test_a_new_link_is_for_members_who_never_had_a_password_and_are_nowhere_else(world: SimpleNamespace) -> None:
    client = client_of(world.owner)

    def ask(member: str) -> str:
        address = reverse("admin:accounts_membership_new_link", args=[world.members[member].pk])
        return client.post(address, {"_form_submitted": "on"}, follow=True).content.decode()

    assert "http://testserver/admin/set-password/" in ask("analyst")
    world.colleague.set_password("correct horse battery")
    world.colleague.save()
    join(world.gridgo, world.analyst, Role.ANALYST)
    for member in ("colleague", "analyst", "outsider"):
        assert "http://testserver/admin/set-password/" not in ask(member)


def test_a_tokens_text_is_shown_once_and_works(world: SimpleNamespace) -> None:
    client = client_of(world.owner)
    answer = client.post("/admin/accounts/apitoken/add/", {"name": "Ops", "scope": "STAFF"})
    text = re.search(r"cpo_[0-9a-f]{8}_[\w-]{43}", answer.content.decode())
    assert text is not None
    assert "no-store" in answer.headers["Cache-Control"]
    token = find_token(text.group(), timezone.now())
    assert token is not None
    assert (token.cpo, token.name, token.scope, token.created_by) == (world.voltway, "Ops", "STAFF", world.owner)
    for address in ("/admin/accounts/apitoken/", f"/admin/accounts/apitoken/{token.pk}/change/", "/admin/"):
        assert text.group() not in client.get(address).content.decode()


def test_a_token_needs_a_time_to_come_and_an_owner(world: SimpleNamespace) -> None:
    data = {"name": "Old", "scope": "STAFF", "expires_at_0": "2020-01-01", "expires_at_1": "00:00"}
    answer = client_of(world.owner).post("/admin/accounts/apitoken/add/", data)
    assert answer.context["adminform"].form.errors == {"expires_at": ["Choose a time that is still to come."]}
    plain = {"name": "Mine", "scope": "STAFF"}
    for person in (world.colleague, world.analyst):
        assert client_of(person).post("/admin/accounts/apitoken/add/", plain).status_code == 403
    with every_cpo():
        assert ApiToken.objects.count() == 2


REVOKERS = {"owner": 302, "colleague": 403, "analyst": 403, "outsider": 302}


@pytest.mark.parametrize(("person", "status"), REVOKERS.items(), ids=REVOKERS)
def test_a_token_is_revoked_by_owners_of_its_cpo(world: SimpleNamespace, person: str, status: int) -> None:
    address = reverse("admin:accounts_apitoken_revoke", args=[world.token.pk])
    client = client_of(getattr(world, person))
    client.get(address)
    with every_cpo():
        assert ApiToken.objects.get(pk=world.token.pk).revoked_at is None
    assert client.post(address, {"_form_submitted": "on"}).status_code == status
    with every_cpo():
        revoked = ApiToken.objects.get(pk=world.token.pk).revoked_at is not None
    assert revoked is (person == "owner")


def test_a_token_is_revoked_once(world: SimpleNamespace) -> None:
    client = client_of(world.owner)
    address = reverse("admin:accounts_apitoken_revoke", args=[world.token.pk])
    assert address in client.get(reverse("admin:accounts_apitoken_change", args=[world.token.pk])).content.decode()
    texts = [client.post(address, {"_form_submitted": "on"}, follow=True).content.decode() for _ in range(2)]
    assert "“Voltway reports” is revoked." in texts[0]
    page = reverse("admin:accounts_apitoken_change", args=[world.token.pk])
    assert address not in client.get(page).content.decode()
    assert "This token was revoked before." in texts[1]


CPO_FORM = {"name": "Voltway Renamed", "short_desc": "", "image_url": "", "support_phone": "", "support_email": ""}


def test_an_owner_changes_the_public_text_of_the_own_cpo_and_nothing_else(world: SimpleNamespace) -> None:
    data = CPO_FORM | {"provider_id": "evil.com", "currency": "USD", "support_url": ""}
    client = client_of(world.owner)
    assert client.post(f"/admin/accounts/cpo/{world.voltway.pk}/change/", data).status_code == 302
    world.voltway.refresh_from_db()
    assert (world.voltway.name, world.voltway.provider_id, world.voltway.currency, world.voltway.is_active) == (
        "Voltway Renamed",
        "cpo1.com",
        "INR",
        True,
    )
    assert client.get("/admin/accounts/cpo/add/").status_code == 403
    assert client.post(f"/admin/accounts/cpo/{world.gridgo.pk}/change/", CPO_FORM).status_code == 302
    world.gridgo.refresh_from_db()
    assert world.gridgo.name == "Gridgo"


@pytest.mark.parametrize("person", ["colleague", "analyst"])
def test_others_only_look_at_their_cpo(world: SimpleNamespace, person: str) -> None:
    client = client_of(getattr(world, person))
    assert client.get(f"/admin/accounts/cpo/{world.voltway.pk}/change/").status_code == 200
    assert client.post(f"/admin/accounts/cpo/{world.voltway.pk}/change/", CPO_FORM).status_code == 403
    assert "Gridgo" not in client.get("/admin/accounts/cpo/").content.decode()
    world.voltway.refresh_from_db()
    assert world.voltway.name == "Voltway"


def test_an_operator_adds_a_cpo(world: SimpleNamespace) -> None:
    data = CPO_FORM | {"provider_id": "cpo9.com", "support_url": "", "country": "IND", "currency": "INR"}
    answer = client_of(world.operator).post("/admin/accounts/cpo/add/", data | {"time_zone": "Asia/Kolkata"})
    assert answer.status_code == 302
    assert Cpo.objects.get(provider_id="cpo9.com").name == "Voltway Renamed"


@pytest.mark.parametrize("person", ["owner", "colleague", "analyst"])
def test_users_are_for_operators(world: SimpleNamespace, person: str) -> None:
    client = client_of(getattr(world, person))
    for address in ("/admin/accounts/user/", f"/admin/accounts/user/{world.outsider.pk}/change/"):
        assert client.get(address).status_code in {302, 403}
    client.post(f"/admin/accounts/user/{getattr(world, person).pk}/change/", {"is_superuser": "on"})
    client.post(reverse("admin:accounts_user_new_link", args=[world.operator.pk]), {"_form_submitted": "on"})
    assert list(User.objects.filter(is_superuser=True)) == [world.operator]


def test_an_operator_adds_a_user_closes_one_and_keeps_the_own_keys(world: SimpleNamespace) -> None:
    client = client_of(world.operator)
    made = client.post("/admin/accounts/user/add/", {"email": "second@platform.example", "is_superuser": "on"})
    assert "http://testserver/admin/set-password/" in made.content.decode()
    twice = client.post("/admin/accounts/user/add/", {"email": "Second@Platform.example"})
    assert sorted(twice.context["adminform"].form.errors) == ["email"]
    client.post(f"/admin/accounts/user/{world.analyst.pk}/change/", {"email": "analyst@cpo1.com"})
    client.post(f"/admin/accounts/user/{world.operator.pk}/change/", {"email": "operator@platform.example"})
    assert dict(User.objects.values_list("email", "is_active")) == {
        "owner@cpo1.com": True,
        "colleague@cpo1.com": True,
        "analyst@cpo1.com": False,
        "outsider@cpo2.com": True,
        "operator@platform.example": True,
        "second@platform.example": False,
    }
    assert client.post(f"/admin/accounts/user/{world.owner.pk}/delete/", {"post": "yes"}).status_code == 403


def test_nobody_finds_users_by_autocomplete_or_history(world: SimpleNamespace, visit: Any) -> None:
    query = "app_label=accounts&model_name=membership&field_name=user&term=o"
    assert visit("owner", reverse("admin:autocomplete") + "?" + query).status_code == 403
    assert visit("owner", f"/admin/accounts/user/{world.outsider.pk}/history/").status_code in {302, 403}
