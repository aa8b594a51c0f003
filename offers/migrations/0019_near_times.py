"""The times of an offer lie in the years 2000 to 2100: a row beyond them could be written, and not always be read."""

from datetime import UTC, datetime

from django.contrib.postgres.operations import AddConstraintNotValid, ValidateConstraint
from django.db import migrations, models
from django.db.models import Q

FIRST, END = datetime(1999, 12, 31, tzinfo=UTC), datetime(2101, 1, 2, tzinfo=UTC)

# Such a row keeps the CPO's list, page, API and file of offers from being read, so nobody could change it by hand. A
# published version is frozen; the migration alone, as the owner, may bring it to the nearest time that can be read.
BRING_NEAR = f"""
ALTER TABLE offers_offerversion DISABLE TRIGGER offers_offerversion_frozen;
UPDATE offers_offerversion SET
    valid_from = GREATEST('2000-01-01 00:00+00', LEAST(valid_from, '2100-12-30 00:00+00')),
    valid_until = GREATEST('2000-01-02 00:00+00', LEAST(valid_until, '2100-12-31 00:00+00'))
WHERE valid_from < '{FIRST.isoformat()}' OR valid_from >= '{END.isoformat()}'
    OR valid_until < '{FIRST.isoformat()}' OR valid_until >= '{END.isoformat()}';
ALTER TABLE offers_offerversion ENABLE TRIGGER offers_offerversion_frozen;
"""


class Migration(migrations.Migration):
    dependencies = [("offers", "0018_units_taken_back")]

    operations = [
        migrations.RunSQL(BRING_NEAR, migrations.RunSQL.noop),
        AddConstraintNotValid(
            model_name="offerversion",
            constraint=models.CheckConstraint(
                condition=Q(
                    ("valid_from__gte", FIRST),
                    ("valid_from__lt", END),
                    ("valid_until__gte", FIRST),
                    ("valid_until__lt", END),
                ),
                name="offer_times_are_near",
                violation_error_message="Give a time in the years 2000 to 2100.",
            ),
        ),
        ValidateConstraint(model_name="offerversion", name="offer_times_are_near"),
    ]
