"""An offer may be for segments of customers: a changed segment makes a new book, a used one is not deleted."""

import django.contrib.postgres.fields
from django.db import migrations, models

from cpo_portal.database.operations import bump_on_change

# The last line of defence behind `charging.segments.delete_segment`, which says it in a sentence.
REFUSE_USED = """
CREATE FUNCTION offers_refuse_used_segment() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE used_by text;
BEGIN
    SELECT o.offer_id INTO used_by FROM offers_offerversion v JOIN offers_offer o ON o.id = v.offer_id
    WHERE v.cpo_id = OLD.cpo_id AND OLD.segment_id = ANY(v.segment_ids) AND o.state <> 'ARCHIVED'
        AND (v.published_at IS NULL OR o.live_version_id = v.id) ORDER BY o.offer_id LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the segment % is used by the offer %', OLD.segment_id, used_by
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END $$;
CREATE TRIGGER charging_segment_is_used BEFORE DELETE ON charging_segment
    FOR EACH ROW EXECUTE FUNCTION offers_refuse_used_segment()
"""


class Migration(migrations.Migration):
    dependencies = [
        ("offers", "0008_applicability"),
        ("charging", "0005_segments"),
    ]

    operations = [
        migrations.AddField(
            model_name="offerversion",
            name="segment_ids",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=60), blank=True, db_default=[], default=list, size=None
            ),
        ),
        bump_on_change("charging_segment", "offers_bookrevision"),
        migrations.RunSQL(
            REFUSE_USED,
            "DROP TRIGGER charging_segment_is_used ON charging_segment; DROP FUNCTION offers_refuse_used_segment()",
        ),
    ]
