"""Balances of energy, and the subscription that one may be for."""

import django.core.validators
import django.db.models.functions.math
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


# What is there already is money without a plan, which the constraints allow: nothing needs to be read again.
class Migration(migrations.Migration):
    dependencies = [
        ("charging", "0008_void_payments"),
    ]

    operations = [
        migrations.AddField(
            model_name="balance",
            name="plan",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="The tariff id of the subscription that the energy is for; empty: of any subscription.",
                max_length=60,
                validators=[
                    django.core.validators.RegexValidator(
                        "^[A-Za-z0-9][A-Za-z0-9._:-]*$",
                        "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
                    )
                ],
                verbose_name="subscription",
            ),
        ),
        AddConstraintNotValid(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(("plan", ""), ("currency", "Wh"), _connector="OR"),
                name="balance_of_money_for_any_tariff",
                violation_error_message="Only energy is for one subscription: leave it empty for money.",
            ),
        ),
        AddConstraintNotValid(
            model_name="balance",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("currency", "Wh"), _negated=True),
                    models.Q(
                        ("amount", django.db.models.functions.math.Floor("amount")),
                        ("held", django.db.models.functions.math.Floor("held")),
                    ),
                    _connector="OR",
                ),
                name="balance_of_energy_in_whole_wh",
            ),
        ),
    ]
