"""Who may do what at a CPO, the scope that fails closed, and tokens."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_scopes import ScopeError

from cpo_portal.accounts.access import Right, cpos_of, rights_of
from cpo_portal.accounts.models import ApiToken, Cpo, Membership, Role, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope, current_cpo, every_cpo
from cpo_portal.accounts.tokens import create_token, find_token, revoke_token

pytestmark = pytest.mark.django_db

ALL = frozenset(Right)


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    w = SimpleNamespace()
    w.voltway = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    w.gridgo = Cpo.objects.create(provider_id="cpo2.com", name="Gridgo")
    for name, cpo, role in (
        ("owner", w.voltway, Role.OWNER),
        ("colleague", w.voltway, Role.MANAGER),
        ("analyst", w.voltway, Role.ANALYST),
        ("outsider", w.gridgo, Role.OWNER),
    ):
        user = User.objects.create_user(f"{name}@example.com")
        with cpo_scope(cpo):
            Membership.objects.create(cpo=cpo, user=user, role=role)
        setattr(w, name, user)
    w.operator = User.objects.create_superuser("operator@example.com")
    return w


RIGHTS = {
    "owner": ALL,
    "colleague": frozenset({Right.VIEW, Right.CHANGE}),
    "analyst": frozenset({Right.VIEW}),
    "outsider": frozenset(),
    "operator": ALL,
}


@pytest.mark.parametrize(("person", "rights"), RIGHTS.items(), ids=RIGHTS)
def test_rights_follow_from_the_membership(world: SimpleNamespace, person: str, rights: frozenset[Right]) -> None:
    user = getattr(world, person)
    assert rights_of(user, world.voltway) == rights
    assert rights_of(user, None) == frozenset()
    user.is_active = False
    assert rights_of(user, world.voltway) == frozenset()


def test_a_stranger_has_no_rights(world: SimpleNamespace) -> None:
    assert rights_of(AnonymousUser(), world.voltway) == frozenset()


def test_people_see_their_active_cpos_by_name(world: SimpleNamespace) -> None:
    with cpo_scope(world.gridgo):
        Membership.objects.create(cpo=world.gridgo, user=world.analyst)
    assert cpos_of(world.analyst) == [world.gridgo, world.voltway]
    assert cpos_of(world.owner) == [world.voltway]
    assert cpos_of(world.operator) == [world.gridgo, world.voltway]
    Cpo.objects.filter(pk=world.gridgo.pk).update(is_active=False)
    assert cpos_of(world.analyst) == [world.voltway]


def test_outside_a_scope_nothing_is_read_and_none_is_no_scope(world: SimpleNamespace) -> None:
    with pytest.raises(ScopeError):
        Membership.objects.count()
    with pytest.raises(ValueError, match="needs a CPO"), cpo_scope(None):  # type: ignore[arg-type]
        pass
    with cpo_scope(world.gridgo):
        assert current_cpo() == world.gridgo
        assert [member.user for member in Membership.objects.all()] == [world.outsider]
    assert current_cpo() is None
    with every_cpo():
        assert Membership.objects.count() == 4


def test_an_address_is_one_account_however_it_is_written(world: SimpleNamespace) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user("OWNER@example.com")
    assert User.objects.get_by_natural_key("Owner@Example.com") == world.owner


def test_a_token_is_found_until_it_ends_is_revoked_or_its_cpo_is_closed(world: SimpleNamespace) -> None:
    now = timezone.now()
    token, text = create_token(
        world.voltway, name="Ops", scope=TokenScope.STAFF, expires_at=now + timedelta(hours=1), created_by=world.owner
    )
    assert find_token(text, now) == token
    assert find_token(text + "x", now) is None
    assert find_token(text, now + timedelta(hours=1)) is None
    Cpo.objects.filter(pk=world.voltway.pk).update(is_active=False)
    assert find_token(text, now) is None
    Cpo.objects.filter(pk=world.voltway.pk).update(is_active=True)
    assert revoke_token(token, now) is True
    assert revoke_token(token, now + timedelta(minutes=1)) is False
    assert find_token(text, now) is None
    with cpo_scope(world.voltway):
        kept = ApiToken.objects.get()
    assert kept.revoked_at == now
    assert text.encode() not in bytes(kept.digest)
