"""The log's rules, kept by PostgreSQL whatever code writes to it: entries are only added, the end only moves on."""

from django.db import migrations

RULES = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the audit log is only added to: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER entry_is_final BEFORE UPDATE OR DELETE ON audit_entry
  FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER entries_stay BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER head_stays BEFORE DELETE ON audit_head
  FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER heads_stay BEFORE TRUNCATE ON audit_head EXECUTE FUNCTION audit_refuse_change();
CREATE TRIGGER head_moves_on BEFORE UPDATE ON audit_head
  FOR EACH ROW WHEN (NEW.last_id <> OLD.last_id + 1) EXECUTE FUNCTION audit_refuse_change();

INSERT INTO audit_head (last_id, last_hash, signature) VALUES (0, repeat('0', 64), '');
CREATE UNIQUE INDEX audit_one_head ON audit_head ((true));
"""

GONE = """
DROP INDEX audit_one_head;
DROP TRIGGER head_moves_on ON audit_head;
DROP TRIGGER heads_stay ON audit_head;
DROP TRIGGER head_stays ON audit_head;
DROP TRIGGER entries_stay ON audit_entry;
DROP TRIGGER entry_is_final ON audit_entry;
DROP FUNCTION audit_refuse_change();
DELETE FROM audit_head;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [migrations.RunSQL(RULES, GONE)]
