"""The bounds of slabs, ways to pay and amounts, tried on what is there: apart, so that writers wait for none of it."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations

NAMES = ("offer_slabs_say_what_can_be", "offer_finance_terms_say_what_can_be", "offer_amounts_in_bounds")


class Migration(migrations.Migration):
    dependencies = [("offers", "0022_offers_in_bounds")]

    operations = [ValidateConstraint(model_name="offerversion", name=name) for name in NAMES]
