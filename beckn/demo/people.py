"""Makes the demonstration's users; each password is made once, told once and stored hashed."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from beckn.demo.tables import PEOPLE, PersonRow
from cpo_portal.accounts.models import Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope

LINE = "-" * 72


def make_people(cpos: Mapping[str, Cpo]) -> list[tuple[PersonRow, str]]:
    """Make the missing users and memberships; return who is new, with the password."""
    there = {user.email: user for user in User.objects.filter(email__in=[row.email for row in PEOPLE])}
    made = []
    for row in PEOPLE:
        if row.email in there:
            continue
        password = secrets.token_urlsafe(12)
        make = User.objects.create_user if row.cpo else User.objects.create_superuser
        user = make(row.email, password, first_name=row.first_name, last_name=row.last_name)
        made.append((row, password))
        if row.cpo:
            with cpo_scope(cpos[row.cpo]):
                Membership.objects.create(cpo=cpos[row.cpo], user=user, role=Role(row.role))
    return made


def logins_in_words(made: list[tuple[PersonRow, str]]) -> str:
    """Return the block that shows the new passwords, or where to get others."""
    if not made:
        return (
            f"Demo logins: {PEOPLE[0].email} and others; their passwords were shown at the first start "
            "(./portal manage changepassword E-MAIL sets a new one)."
        )
    lines = [
        f"{row.email:<24}{password:<20}{f'{Role(row.role).label} of {row.cpo}' if row.cpo else 'Platform operator'}"
        for row, password in made
    ]
    title = "Demo logins. The passwords are shown this once and stored hashed: note them down."
    return "\n".join([LINE, title, "", *lines, LINE])
