"""The app role's rights, the triggers' functions, and the owner's functions that make and drop partitions."""

from django.conf import settings
from django.db import migrations

APP_ROLE = settings.DATABASE_APP_ROLE

REFUSE_CHANGE = """
CREATE FUNCTION portal_refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND (to_jsonb(NEW) - TG_ARGV[0]::text[]) = (to_jsonb(OLD) - TG_ARGV[0]::text[]) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% of % is refused: its rows are history', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$
"""

# Sorted, so that two statements over several CPOs cannot deadlock.
BUMP_REVISION = """
CREATE FUNCTION portal_bump_revision() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
BEGIN
    EXECUTE format('INSERT INTO public.%I AS r (cpo_id, revision) '
        'SELECT cpo_id, 1 FROM (SELECT DISTINCT cpo_id FROM changed) AS touched ORDER BY cpo_id '
        'ON CONFLICT (cpo_id) DO UPDATE SET revision = r.revision + 1', TG_ARGV[0]);
    RETURN NULL;
END $$
"""

# The app role may call these but owns no table, so it can neither alter history nor drop anything else.
MAKE_PARTITIONS = """
CREATE FUNCTION portal_make_partitions(months int) RETURNS int
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE parent record; first_day date; made int := 0; part text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('portal_make_partitions'));
    FOR parent IN SELECT c.oid, c.relname FROM pg_partitioned_table p JOIN pg_class c ON c.oid = p.partrelid
                  JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' LOOP
        FOR i IN 0..months LOOP
            first_day := (date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => i))::date;
            part := format('%s_y%sm%s', parent.relname, to_char(first_day, 'YYYY'), to_char(first_day, 'MM'));
            IF to_regclass('public.' || quote_ident(part)) IS NULL THEN
                EXECUTE format('CREATE TABLE public.%I PARTITION OF public.%I FOR VALUES FROM (%L) TO (%L)',
                    part, parent.relname, first_day::text || ' 00:00:00+00',
                    (first_day + interval '1 month')::date::text || ' 00:00:00+00');
                made := made + 1;
            END IF;
        END LOOP;
    END LOOP;
    RETURN made;
END $$
"""

DROP_PARTITION = """
CREATE FUNCTION portal_drop_partition(parent text, first_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE part text := format('%s_y%sm%s', parent, to_char(first_day, 'YYYY'), to_char(first_day, 'MM'));
BEGIN
    IF first_day > (now() - interval '1 month')::date THEN
        RAISE EXCEPTION 'the partition % is too young to drop', part;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_inherits WHERE inhrelid = to_regclass('public.' || quote_ident(part))
                   AND inhparent = to_regclass('public.' || quote_ident(parent))) THEN
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE public.%I', part);
    RETURN true;
END $$
"""

# A role that does not exist yet is made where the migrating role may make roles; else the error says what to do.
GRANTS = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN
        RAISE EXCEPTION 'create the role {APP_ROLE} (LOGIN, not a superuser) before migrating';
    END IF;
END $$;
GRANT USAGE ON SCHEMA public TO "{APP_ROLE}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO "{APP_ROLE}";
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO "{APP_ROLE}";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{APP_ROLE}";
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{APP_ROLE}";
REVOKE ALL ON FUNCTION portal_make_partitions(int), portal_drop_partition(text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION portal_make_partitions(int), portal_drop_partition(text, date) TO "{APP_ROLE}";
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(REFUSE_CHANGE, "DROP FUNCTION portal_refuse_change()"),
        migrations.RunSQL(BUMP_REVISION, "DROP FUNCTION portal_bump_revision()"),
        migrations.RunSQL(MAKE_PARTITIONS, "DROP FUNCTION portal_make_partitions(int)"),
        migrations.RunSQL(DROP_PARTITION, "DROP FUNCTION portal_drop_partition(text, date)"),
        migrations.RunSQL(GRANTS, migrations.RunSQL.noop),
    ]
