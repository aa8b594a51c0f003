"""Indexes of the outbox of which each fits one question, so that no plan can take the wrong one."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations
from django.db.models import Case, Index, Q, When
from django.db.models.lookups import IsNull

UNTIL = Case(When(state="PENDING", then="expires_at"))


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("beckn", "0006_labels")]
    operations = [
        AddIndexConcurrently(
            "outboundcallback",
            Index(
                fields=["bap_id", "transaction_id", "sequence"],
                name="callback_unfinished",
                condition=Q(finished_at__isnull=True),
            ),
        ),
        AddIndexConcurrently(
            "outboundcallback",
            Index(
                fields=["leased_until", "bap_id"],
                name="callback_on_its_way",
                condition=Q(leased_until__isnull=False),
            ),
        ),
        AddIndexConcurrently("outboundcallback", Index(UNTIL, name="callback_late", condition=Q(IsNull(UNTIL, False)))),
        RemoveIndexConcurrently("outboundcallback", "callback_expiring"),
        RemoveIndexConcurrently("outboundcallback", "callback_in_order"),
        RemoveIndexConcurrently("outboundcallback", "callback_leased"),
    ]
