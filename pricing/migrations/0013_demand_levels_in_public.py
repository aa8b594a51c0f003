"""What became of a demand policy, for its public page, and no id for both a demand policy and a surge schedule."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from cpo_portal.database import operations

# Until now decisions alone told of it, one for each location, for a year.
FILL = """
INSERT INTO pricing_demandpolicychange (cpo_id, policy_id, kind, number, at, by_id, by_token)
SELECT DISTINCT ON (policy_id, number, reason) cpo_id, policy_id, reason, number, at, by_id, ''
FROM pricing_demanddecision WHERE reason IN ('SWITCHED_ON', 'SWITCHED_OFF', 'CHANGED')
ORDER BY policy_id, number, reason, at
"""
# A bill names both kinds by their ids alone, and so does the address of a public page. Whoever writes an id first
# takes its lock, so that two who write it at once see each other.
ONE_ID = """
CREATE FUNCTION pricing_surge_id_is_free() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    wanted text := CASE TG_TABLE_NAME WHEN 'pricing_demandpolicy' THEN to_jsonb(NEW)->>'policy_id'
                                      ELSE to_jsonb(NEW)->>'schedule_id' END;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('surge-id ' || NEW.cpo_id || ' ' || wanted, 0));
    IF (TG_TABLE_NAME = 'pricing_demandpolicy'
        AND EXISTS (SELECT FROM pricing_surgeschedule WHERE cpo_id = NEW.cpo_id AND schedule_id = wanted))
    OR (TG_TABLE_NAME = 'pricing_surgeschedule'
        AND EXISTS (SELECT FROM pricing_demandpolicy WHERE cpo_id = NEW.cpo_id AND policy_id = wanted)) THEN
        RAISE unique_violation USING MESSAGE = format('a demand policy and a surge cannot both have the id %s', wanted);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER pricing_demandpolicy_id_is_free BEFORE INSERT OR UPDATE OF policy_id, cpo_id ON pricing_demandpolicy
FOR EACH ROW EXECUTE FUNCTION pricing_surge_id_is_free();
CREATE TRIGGER pricing_surgeschedule_id_is_free BEFORE INSERT OR UPDATE OF schedule_id, cpo_id ON pricing_surgeschedule
FOR EACH ROW EXECUTE FUNCTION pricing_surge_id_is_free();
"""
UNDO = """
DROP TRIGGER pricing_demandpolicy_id_is_free ON pricing_demandpolicy;
DROP TRIGGER pricing_surgeschedule_id_is_free ON pricing_surgeschedule;
DROP FUNCTION pricing_surge_id_is_free();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_message_retention"),
        ("pricing", "0012_notices_and_reviews_of_surges"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="DemandPolicyChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("SWITCHED_ON", "Switched on"),
                            ("SWITCHED_OFF", "Switched off"),
                            ("CHANGED", "Rules changed"),
                            ("PLACES", "Places changed"),
                        ],
                        max_length=12,
                    ),
                ),
                ("number", models.PositiveIntegerField()),
                ("rules", models.JSONField(null=True)),
                ("at", models.DateTimeField()),
                ("by_token", models.CharField(blank=True, max_length=12)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "cpo",
                    models.ForeignKey(
                        editable=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.cpo"
                    ),
                ),
                (
                    "policy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="changes",
                        to="pricing.demandpolicy",
                    ),
                ),
            ],
            options={"ordering": ["-at", "-id"]},
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        operations.append_only("pricing_demandpolicychange"),
        migrations.RunSQL(ONE_ID, UNDO),
    ]
