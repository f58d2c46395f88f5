"""A signature, once given, is neither changed nor removed. Rows only: a truncate trigger would break the clean-up of tests."""

from django.db import migrations

REFUSE = """
CREATE FUNCTION people_refuse_signature_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A signature is neither changed nor removed.' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER people_signature_is_append_only BEFORE UPDATE OR DELETE ON people_signature
    FOR EACH ROW EXECUTE FUNCTION people_refuse_signature_change();
"""
ALLOW = """
DROP TRIGGER people_signature_is_append_only ON people_signature;
DROP FUNCTION people_refuse_signature_change();
"""


class Migration(migrations.Migration):
    dependencies = [("people", "0001_initial")]

    operations = [migrations.RunSQL(REFUSE, ALLOW)]
