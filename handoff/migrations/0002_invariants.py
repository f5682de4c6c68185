"""What no row alone can hold: checked at every commit, each under its own name."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION lead_invariants(checked bigint) RETURNS void LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
DECLARE
    standing text;
    many bigint;
BEGIN
    SELECT stage INTO standing FROM leads_lead WHERE id = checked;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) INTO many FROM handoff_handoff WHERE lead_id = checked AND ended_at IS NULL;
    IF many <> (standing = 'mofu')::int THEN
        RAISE EXCEPTION 'lead % in % has % open hand-offs', checked, standing, many
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_mofu_has_one_handoff';
    END IF;
    IF standing = 'bofu' AND NOT EXISTS (
        SELECT FROM handoff_deallead role JOIN handoff_deal deal ON deal.id = role.deal_id
         WHERE role.lead_id = checked AND deal.closed_at IS NULL
    ) THEN
        RAISE EXCEPTION 'lead % in bofu has no open deal', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_bofu_has_open_deal';
    END IF;
    SELECT count(*) FILTER (WHERE stage = standing) INTO many
      FROM leads_visit WHERE lead_id = checked AND left_at IS NULL;
    IF many <> 1 THEN
        RAISE EXCEPTION 'lead % in % has % open visits there', checked, standing, many
            USING ERRCODE = 'check_violation', CONSTRAINT = 'lead_has_one_open_visit';
    END IF;
END $$;

CREATE FUNCTION lead_row_invariants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN PERFORM lead_invariants(NEW.id); RETURN NULL; END $$;

CREATE FUNCTION lead_part_invariants() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN PERFORM lead_invariants(OLD.lead_id); END IF;
    IF TG_OP <> 'DELETE' THEN PERFORM lead_invariants(NEW.lead_id); END IF;
    RETURN NULL;
END $$;

CREATE FUNCTION deal_invariants() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM lead_invariants(lead_id) FROM handoff_deallead WHERE deal_id = NEW.id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER lead_invariants AFTER INSERT OR UPDATE OF stage ON leads_lead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_row_invariants();
CREATE CONSTRAINT TRIGGER visit_invariants AFTER INSERT OR UPDATE OR DELETE ON leads_visit
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_part_invariants();
CREATE CONSTRAINT TRIGGER handoff_invariants AFTER INSERT OR UPDATE OF ended_at, lead_id OR DELETE ON handoff_handoff
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_part_invariants();
CREATE CONSTRAINT TRIGGER deal_lead_invariants AFTER INSERT OR UPDATE OR DELETE ON handoff_deallead
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lead_part_invariants();
CREATE CONSTRAINT TRIGGER deal_invariants AFTER UPDATE OF closed_at ON handoff_deal
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION deal_invariants();
"""

BACKWARD = """
DROP TRIGGER deal_invariants ON handoff_deal;
DROP TRIGGER deal_lead_invariants ON handoff_deallead;
DROP TRIGGER handoff_invariants ON handoff_handoff;
DROP TRIGGER visit_invariants ON leads_visit;
DROP TRIGGER lead_invariants ON leads_lead;
DROP FUNCTION deal_invariants();
DROP FUNCTION lead_part_invariants();
DROP FUNCTION lead_row_invariants();
DROP FUNCTION lead_invariants(bigint);
"""


class Migration(migrations.Migration):
    dependencies = [("handoff", "0001_initial"), ("leads", "0002_search_text")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
