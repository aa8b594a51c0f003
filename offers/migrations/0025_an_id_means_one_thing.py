"""Nothing takes an id that another connector, product or offer of the CPO has, but for capitals, whoever writes it.

Rows that had one before keep it: only what is inserted, and an id that is changed, is looked at. Who comes second waits
for who came first, so that neither misses the other.
"""

from django.db import migrations

ITEMS = {"network_connector": "item_id", "network_product": "product_id", "offers_offer": "offer_id"}
HELD = " UNION ALL ".join(
    f"SELECT cpo_id, {column} AS name, ''{table}'' AS place FROM public.{table}" for table, column in ITEMS.items()
)

REFUSE = f"""
CREATE FUNCTION portal_refuse_taken_id() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE given text := format('SELECT cpo_id, %I AS name FROM changed', TG_ARGV[0]); cpo int; taken text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        given := format('SELECT now.cpo_id, now.%1$I AS name FROM changed AS now JOIN before USING (id) '
            'WHERE (now.cpo_id, now.%1$I) IS DISTINCT FROM (before.cpo_id, before.%1$I)', TG_ARGV[0]);
    END IF;
    FOR cpo IN EXECUTE format('SELECT DISTINCT cpo_id::int FROM (%s) AS given ORDER BY 1', given) LOOP
        PERFORM pg_advisory_xact_lock(hashtext('network.item_ids'), cpo);
    END LOOP;
    EXECUTE format('SELECT given.name FROM (%s) AS given JOIN ({HELD}) AS held '
        'ON held.cpo_id = given.cpo_id AND upper(held.name) = upper(given.name) WHERE held.place <> %L LIMIT 1',
        given, TG_TABLE_NAME) INTO taken;
    IF taken IS NOT NULL THEN
        RAISE EXCEPTION 'the id % is taken by another kind of item', taken
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'item_id_means_one_thing';
    END IF;
    RETURN NULL;
END $$
"""
EVENTS = {"insert": "NEW TABLE AS changed", "update": "NEW TABLE AS changed OLD TABLE AS before"}


class Migration(migrations.Migration):
    dependencies = [("offers", "0024_who_wrote_versions"), ("network", "0004_tags_since")]

    operations = [
        migrations.RunSQL(REFUSE, "DROP FUNCTION portal_refuse_taken_id()"),
        *(
            migrations.RunSQL(
                f"CREATE TRIGGER {table}_id_{event} AFTER {event} ON {table} REFERENCING {rows} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION portal_refuse_taken_id('{column}')",
                f"DROP TRIGGER {table}_id_{event} ON {table}",
            )
            for table, column in ITEMS.items()
            for event, rows in EVENTS.items()
        ),
    ]
