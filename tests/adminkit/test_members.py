"""Two owners who remove each other at the same moment: one of them stays."""

from __future__ import annotations

from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from cpo_portal.accounts.models import Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit import members


@pytest.mark.django_db(transaction=True)
def test_two_owners_removing_each_other_leave_one() -> None:
    cpo = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    made = [members.invite(cpo, email=f"owner{number}@cpo1.com", role=Role.OWNER)[0].pk for number in range(2)]
    start, refusals = Barrier(2), []

    def remove(key: int) -> None:
        with cpo_scope(cpo):
            membership = Membership.objects.select_related("cpo").get(pk=key)
            start.wait()
            try:
                members.remove(membership)
            except ValidationError as refusal:
                refusals.append(refusal.messages)
        connection.close()

    threads = [Thread(target=remove, args=[key]) for key in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert refusals == [[members.LAST_OWNER]]
    with cpo_scope(cpo):
        assert Membership.objects.filter(role=Role.OWNER).count() == 1
    assert User.objects.count() == 2
