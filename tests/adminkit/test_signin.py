"""Signing in by e-mail address, being locked out, and setting a password by a link that works once."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.test import Client
from django.urls import reverse

from cpo_portal.accounts.models import User
from tests.adminkit.conftest import client_of

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
PASSWORD = "correct horse battery"


@pytest.fixture
def owner(world: SimpleNamespace) -> User:
    world.owner.set_password(PASSWORD)
    world.owner.save()
    user: User = world.owner
    return user


def sign_in(client: Client, email: str, password: str) -> Any:
    return client.post(LOGIN, {"username": email, "password": password})


@pytest.mark.parametrize("email", ["owner@cpo1.com", "Owner@CPO1.com", " owner@cpo1.com "])
def test_people_sign_in_by_address_however_it_is_written(owner: User, client: Client, email: str) -> None:
    answer = sign_in(client, email, PASSWORD)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/admin/")
    assert client.get("/admin/").context["user"] == owner


def test_the_address_asked_for_is_opened_after_signing_in(owner: User, client: Client) -> None:
    tokens = reverse("admin:accounts_apitoken_changelist")
    answer = client.get(tokens)
    assert answer.headers["Location"] == f"{LOGIN}?next={tokens}"
    answer = client.post(answer.headers["Location"], {"username": owner.email, "password": PASSWORD})
    assert answer.headers["Location"] == tokens


def test_a_wrong_password_and_an_unknown_address_get_the_same_sentence(owner: User, client: Client) -> None:
    sentence = "This e-mail address and password do not belong together."
    for email in ("owner@cpo1.com", "nobody@nowhere.example"):
        answer = sign_in(client, email, "wrong")
        assert answer.context["form"].non_field_errors() == [sentence]
        assert "_auth_user_id" not in client.session


def test_the_sign_in_page_says_who_helps_with_a_lost_password(client: Client) -> None:
    assert "A platform operator makes you a new set-password link." in client.get(LOGIN).content.decode()


def test_a_closed_account_cannot_sign_in_and_loses_its_session(owner: User, client: Client) -> None:
    sign_in(client, owner.email, PASSWORD)
    User.objects.filter(pk=owner.pk).update(is_active=False)
    assert client.get("/admin/").headers["Location"] == f"{LOGIN}?next=/admin/"
    assert sign_in(client, owner.email, PASSWORD).status_code == 200


def test_eight_failures_lock_the_address_however_it_is_written(
    owner: User, world: SimpleNamespace, client: Client
) -> None:
    spellings = ["owner@cpo1.com", "OWNER@cpo1.com"]
    answers = [sign_in(client, spellings[number % 2], "wrong") for number in range(8)]
    assert [answer.status_code for answer in answers] == [200] * 7 + [429]
    locked = sign_in(client, "owner@cpo1.com", PASSWORD)
    assert locked.status_code == 429
    assert "Too many failed sign-ins for this address: try again in 15 minutes." in locked.content.decode()
    assert "_auth_user_id" not in client.session
    world.analyst.set_password(PASSWORD)
    world.analyst.save()
    assert sign_in(client, "analyst@cpo1.com", PASSWORD).status_code == 302


def test_an_operator_unlocks_an_address(owner: User, world: SimpleNamespace, client: Client) -> None:
    for _ in range(8):
        sign_in(client, owner.email, "wrong")
    attempt = AccessAttempt.objects.get()
    address = reverse("admin:axes_accessattempt_unlock", args=[attempt.pk])
    assert client_of(world.owner).post(address, {"_form_submitted": "on"}).status_code in {302, 403}
    assert AccessAttempt.objects.count() == 1
    assert client_of(world.operator).post(address, {"_form_submitted": "on"}).status_code == 302
    assert AccessAttempt.objects.count() == 0
    assert sign_in(client, owner.email, PASSWORD).status_code == 302


def test_passwords_tried_are_not_kept(owner: User, client: Client) -> None:
    sign_in(client, owner.email, "my other password")
    assert "my other password" not in str(AccessAttempt.objects.values())


def test_a_person_changes_the_own_password(owner: User, client: Client) -> None:
    sign_in(client, owner.email, PASSWORD)
    new = "battery staple correct"
    data = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("admin:password_change"), data).status_code == 302
    assert "Your password was changed" in client.get(reverse("admin:password_change_done")).content.decode()
    owner.refresh_from_db()
    assert owner.check_password(new)


def test_a_set_password_link_works_once_and_says_so_afterwards(world: SimpleNamespace, rf: Any) -> None:
    from cpo_portal.adminkit.signin import set_password_link

    link = set_password_link(rf.get("/admin/"), world.analyst)
    client = Client()
    form = client.get(link, follow=True)
    assert "Set your password" in form.content.decode()
    assert "analyst@cpo1.com" in form.content.decode()
    short = client.post(form.request["PATH_INFO"], {"new_password1": "short", "new_password2": "short"})
    assert "new_password2" in short.context["form"].errors
    new = {"new_password1": PASSWORD, "new_password2": PASSWORD}
    done = client.post(form.request["PATH_INFO"], new)
    assert (done.status_code, done.headers["Location"]) == (302, LOGIN)
    world.analyst.refresh_from_db()
    assert world.analyst.check_password(PASSWORD)
    assert "This link is used up" in Client().get(link, follow=True).content.decode()
    assert "This link is used up" in Client().get(link[:-5] + "aaaa/").content.decode()


@pytest.mark.parametrize(
    ("proxies", "passed_on", "address"),
    [
        pytest.param(0, None, "192.0.2.1", id="no proxy"),
        pytest.param(0, "6.6.6.6", "192.0.2.1", id="what a client says of itself counts for nothing"),
        pytest.param(1, "198.51.100.9", "198.51.100.9", id="one proxy that replaces"),
        pytest.param(1, "6.6.6.6, 198.51.100.9", "198.51.100.9", id="one proxy that adds"),
        pytest.param(2, "6.6.6.6, 198.51.100.9, 203.0.113.2", "198.51.100.9", id="two proxies"),
        pytest.param(1, None, "192.0.2.1", id="past the proxy"),
        pytest.param(1, "unknown", "0.0.0.0", id="no address"),
    ],
)
def test_failures_are_counted_under_the_address_before_the_proxies(
    owner: User, client: Client, settings: Any, proxies: int, passed_on: str | None, address: str
) -> None:
    settings.AXES_IPWARE_PROXY_COUNT = proxies
    headers = {"HTTP_X_FORWARDED_FOR": passed_on} if passed_on else {}
    client.post(LOGIN, {"username": owner.email, "password": "wrong"}, REMOTE_ADDR="192.0.2.1", **headers)
    assert AccessAttempt.objects.get().ip_address == address
