"""Versions name the places where they apply; the drafts and the live versions get those of today."""

from django.db import migrations, models

# A live version is frozen; the migration alone, as the owner, may complete it.
FILL = """
ALTER TABLE pricing_tariffversion DISABLE TRIGGER pricing_tariffversion_frozen;
UPDATE pricing_tariffversion v SET places = (
    SELECT COALESCE(
        jsonb_agg(jsonb_build_object(
            'location_id', COALESCE(l.location_id, ''),
            'item_id', COALESCE(c.item_id, ''),
            'connector_type', a.connector_type
        ) ORDER BY COALESCE(l.location_id, ''), COALESCE(c.item_id, ''), a.connector_type),
        '[]'::jsonb
    )
    FROM pricing_tariffassignment a
    LEFT JOIN network_location l ON l.id = a.location_id
    LEFT JOIN network_connector c ON c.id = a.connector_id
    WHERE a.tariff_id = v.tariff_id
)
FROM pricing_tariff t
WHERE t.id = v.tariff_id AND (v.published_at IS NULL OR v.id = t.live_version_id);
ALTER TABLE pricing_tariffversion ENABLE TRIGGER pricing_tariffversion_frozen;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("pricing", "0001_initial"),
        ("network", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="tariffversion",
            name="places",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
