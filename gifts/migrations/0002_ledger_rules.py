"""The ledger's rules, kept by PostgreSQL whatever code writes to it.

- Transfers and entries are only added: no row of either is updated, deleted or truncated away.
- A transfer has exactly `entry_count` entries, at least two, and they sum to zero, checked on commit. So none
  can be added to it later either.
- An account's balance starts at zero and is moved by entries alone, by a trigger; constraints keep a user's
  from going below zero. The platform's accounts keep no balance, so that gifts do not wait for each other.
"""

from django.db import migrations

RULES = """
CREATE FUNCTION gifts_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger is only added to: % of % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER transfer_is_final BEFORE UPDATE OR DELETE ON gifts_transfer
  FOR EACH ROW EXECUTE FUNCTION gifts_refuse_change();
CREATE TRIGGER transfers_stay BEFORE TRUNCATE ON gifts_transfer EXECUTE FUNCTION gifts_refuse_change();
CREATE TRIGGER entry_is_final BEFORE UPDATE OR DELETE ON gifts_entry
  FOR EACH ROW EXECUTE FUNCTION gifts_refuse_change();
CREATE TRIGGER entries_stay BEFORE TRUNCATE ON gifts_entry EXECUTE FUNCTION gifts_refuse_change();
CREATE TRIGGER account_stays BEFORE DELETE ON gifts_account
  FOR EACH ROW EXECUTE FUNCTION gifts_refuse_change();
CREATE TRIGGER accounts_stay BEFORE TRUNCATE ON gifts_account EXECUTE FUNCTION gifts_refuse_change();

CREATE FUNCTION gifts_check_balance(wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  promised integer;
  found integer;
  total numeric;
BEGIN
  SELECT entry_count INTO promised FROM gifts_transfer WHERE id = wanted;
  SELECT count(*), coalesce(sum(amount), 0) INTO found, total FROM gifts_entry WHERE transfer_id = wanted;
  IF total <> 0 OR found <> promised OR found < 2 THEN
    RAISE EXCEPTION 'transfer % does not balance: % of % entries, sum %', wanted, found, promised, total
      USING ERRCODE = 'integrity_constraint_violation';
  END IF;
END $$;

CREATE FUNCTION gifts_check_transfer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gifts_check_balance(NEW.id);
  RETURN NULL;
END $$;

CREATE FUNCTION gifts_check_entry() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM gifts_check_balance(NEW.transfer_id);
  RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER transfer_balances AFTER INSERT ON gifts_transfer
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gifts_check_transfer();
CREATE CONSTRAINT TRIGGER entry_balances AFTER INSERT ON gifts_entry
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION gifts_check_entry();

CREATE FUNCTION gifts_move_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE gifts_account AS account SET balance = account.balance + moved.amount
  FROM (SELECT account_id, sum(amount) AS amount FROM added GROUP BY account_id) AS moved
  WHERE account.id = moved.account_id AND account.user_id IS NOT NULL;
  RETURN NULL;
END $$;

CREATE TRIGGER entries_move_balances AFTER INSERT ON gifts_entry
  REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION gifts_move_balances();

CREATE FUNCTION gifts_guard_account() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.balance = 0 THEN RETURN NEW; END IF;
  ELSIF pg_trigger_depth() > 1 AND (NEW.id, NEW.user_id, NEW.kind) IS NOT DISTINCT FROM (OLD.id, OLD.user_id, OLD.kind)
  THEN RETURN NEW;
  END IF;
  RAISE EXCEPTION 'only entries move a balance' USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER account_is_guarded BEFORE INSERT OR UPDATE ON gifts_account
  FOR EACH ROW EXECUTE FUNCTION gifts_guard_account();

INSERT INTO gifts_account (user_id, kind, balance)
  VALUES (NULL, 'revenue', 0), (NULL, 'issuance', 0), (NULL, 'payouts', 0), (NULL, 'losses', 0);
"""

GONE = """
DROP TRIGGER account_stays ON gifts_account;
DELETE FROM gifts_account WHERE user_id IS NULL;
DROP TRIGGER accounts_stay ON gifts_account;
DROP TRIGGER account_is_guarded ON gifts_account;
DROP TRIGGER entries_move_balances ON gifts_entry;
DROP TRIGGER entry_balances ON gifts_entry;
DROP TRIGGER entry_is_final ON gifts_entry;
DROP TRIGGER entries_stay ON gifts_entry;
DROP TRIGGER transfer_balances ON gifts_transfer;
DROP TRIGGER transfer_is_final ON gifts_transfer;
DROP TRIGGER transfers_stay ON gifts_transfer;
DROP FUNCTION gifts_guard_account();
DROP FUNCTION gifts_move_balances();
DROP FUNCTION gifts_check_entry();
DROP FUNCTION gifts_check_transfer();
DROP FUNCTION gifts_check_balance(bigint);
DROP FUNCTION gifts_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("gifts", "0001_initial")]

    operations = [migrations.RunSQL(RULES, GONE)]
