"""Who works for a CPO: inviting by e-mail address, changing roles, removing; the last owner stays."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.models import Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo

LAST_OWNER = "A CPO needs an owner: make somebody else owner first."


def find_user(email: str) -> User | None:
    """Return the user of an address, however it is written."""
    return User.objects.filter(email__iexact=email.strip()).first()


def check_invitation(cpo: Cpo, email: str, invited_by: User) -> None:
    """Refuse an address that is a member already, or that has an account elsewhere.

    Nobody has proved that an address is theirs before the platform's operator looks at it: whoever was handed the
    set-password link of an address at one CPO must not get into the next CPO that trusts the same address.
    """
    user = find_user(email)
    if user is None:
        return
    with cpo_scope(cpo):
        if Membership.objects.filter(user=user).exists():
            raise ValidationError("This person is a member already.")
    if not invited_by.is_platform_operator:
        raise ValidationError("This address has an account already; ask the platform's operator to add the person.")


@transaction.atomic
def invite(cpo: Cpo, *, email: str, role: str, full_name: str = "") -> tuple[Membership, bool]:
    """Add a person to the CPO; the second value says whether the account is new and needs a password."""
    user = find_user(email)
    is_new = user is None
    if user is None:
        first, _, last = full_name.strip().partition(" ")
        user = User.objects.create_user(email.strip(), None, first_name=first, last_name=last)
    with cpo_scope(cpo):
        membership = Membership.objects.create(cpo=cpo, user=user, role=role)
    return membership, is_new


def may_get_new_link(membership: Membership) -> bool:
    """Tell whether an owner may make a new set-password link: never used, and a member nowhere else."""
    user = membership.user
    with every_cpo():
        elsewhere = Membership.objects.filter(user=user).exclude(pk=membership.pk).exists()
    return not user.has_usable_password() and not user.is_superuser and not elsewhere


def is_last_owner(membership: Membership, *, lock: bool = False) -> bool:
    """Tell whether no other active owner is left; `lock` holds off a second removal until this one is done."""
    with cpo_scope(membership.cpo):
        owners = Membership.objects.filter(role=Role.OWNER, user__is_active=True).order_by("pk")
        if lock:
            owners = owners.select_for_update(of=("self",))
        keys = [owner.pk for owner in owners]
    return keys == [membership.pk]


def check_role_change(membership: Membership, role: str) -> None:
    """Refuse to take the role from the last owner. Call it inside a transaction."""
    if role != Role.OWNER and is_last_owner(membership, lock=True):
        raise ValidationError(LAST_OWNER)


@transaction.atomic
def remove(membership: Membership) -> None:
    """Take the person out of the CPO."""
    if is_last_owner(membership, lock=True):
        raise ValidationError(LAST_OWNER)
    membership.delete()
