"""Contacts, money and the ledger are kept apart by the server itself (ADR 0014)."""

from django.db import migrations

from cpo_portal.database.operations import rows_of_one_cpo

# Not SECURITY DEFINER: it reads a setting of the session and nothing else.
PORTAL_CPO = """
CREATE FUNCTION portal_cpo() RETURNS bigint LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
DECLARE told text := current_setting('portal.cpo', true);
BEGIN
    IF told IS NULL OR told = '' THEN
        RAISE EXCEPTION 'no CPO is chosen: read and write these rows inside cpo_scope() or every_cpo()'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN CASE told WHEN 'every' THEN 0 ELSE told::bigint END;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("database", "0001_functions"), ("charging", "0001_initial"), ("offers", "0001_initial")]
    operations = [
        migrations.RunSQL(PORTAL_CPO, "DROP FUNCTION portal_cpo()"),
        # Contacts: what a driver is called, and the hashes by which one is recognised.
        rows_of_one_cpo("charging_customerkey"),
        rows_of_one_cpo("charging_customercontact", through=("customer_id", "charging_customer")),
        rows_of_one_cpo("charging_ordercontact", through=("order_id", "charging_order")),
        # Money.
        rows_of_one_cpo("charging_payment"),
        rows_of_one_cpo("charging_paymentgateway"),
        rows_of_one_cpo("charging_gatewaynotice"),
        rows_of_one_cpo("charging_refund"),
        # The ledger.
        rows_of_one_cpo("offers_redemption"),
        rows_of_one_cpo("offers_ledgerentry", through=("offer_id", "offers_offer")),
        rows_of_one_cpo("offers_customercounter", through=("offer_id", "offers_offer")),
    ]
