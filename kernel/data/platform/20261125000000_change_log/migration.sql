-- Every change of every app, tenant by tenant. Whoever reads `seq > cursor` of a tenant skips no row: a number is taken
-- under a lock of the tenant that is held until the transaction has ended, so when a row is seen, every lower number of its
-- tenant belongs to a row that is seen too, or to none.
CREATE SEQUENCE change_numbers CACHE 1;

-- The life of the log. It is another one after a restore or a failover: positions of the one before may never have been.
CREATE TABLE log_life (
  one boolean PRIMARY KEY DEFAULT true CHECK (one),
  epoch uuid NOT NULL,
  system_identifier bigint NOT NULL,
  timeline_id integer NOT NULL
);
COMMENT ON TABLE log_life IS 'panorama:no-tenant one row for the whole log';
INSERT INTO log_life (epoch, system_identifier, timeline_id)
  SELECT gen_random_uuid(), (SELECT system_identifier FROM pg_control_system()), (SELECT timeline_id FROM pg_control_checkpoint());

-- When the sequence had come how far: what was numbered before a mark is older than it.
CREATE TABLE log_marks (
  at timestamptz(3) PRIMARY KEY,
  seq bigint NOT NULL
);
COMMENT ON TABLE log_marks IS 'panorama:no-tenant the age of partitions, which hold rows of all tenants';

-- The last number of a tenant that is gone by its age. A tenant without a row has lost nothing.
CREATE TABLE log_floors (
  tenant_id text PRIMARY KEY,
  seq bigint NOT NULL
);

-- The lock of the transaction's tenant. A transaction that changes several records takes it before the first.
CREATE FUNCTION lock_changes() RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
BEGIN
  IF coalesce(current_setting('panorama.tenant_id', true), '') = '' THEN
    RAISE EXCEPTION 'Changes belong to a tenant, and the transaction names none.';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(current_setting('panorama.tenant_id'), 77));
  RETURN true;
END $$;

-- A default, because a row is sent to its partition before any trigger could give it a number.
CREATE FUNCTION next_change_number() RETURNS bigint
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM platform.lock_changes();
  RETURN nextval('platform.change_numbers');
END $$;

CREATE TABLE change_log (
  tenant_id text NOT NULL,
  seq bigint NOT NULL DEFAULT next_change_number(),
  epoch uuid NOT NULL,
  app text NOT NULL,
  type text NOT NULL,
  entity text NOT NULL,
  entity_id text NOT NULL,
  version integer NOT NULL,
  op text NOT NULL CHECK (op IN ('PUT', 'DELETE', 'ACK')),
  data jsonb NOT NULL,
  actor text NOT NULL,
  source_app text NOT NULL,
  correlation_id text,
  causation_id text,
  client_id text,
  mutation_id bigint,
  priority text NOT NULL CHECK (priority IN ('LOW', 'NORMAL', 'HIGH', 'CRITICAL')),
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, seq)
) PARTITION BY RANGE (seq);
CREATE INDEX change_log_record ON change_log (tenant_id, entity_id, seq);

-- The one takes what no other has a place for: a late keeper of partitions stops no writer.
CREATE TABLE change_log_1 PARTITION OF change_log FOR VALUES FROM (1) TO (10000001);
CREATE TABLE change_log_rest PARTITION OF change_log DEFAULT;

CREATE FUNCTION stamp_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF NEW.tenant_id IS DISTINCT FROM current_setting('panorama.tenant_id', true) THEN
    RAISE EXCEPTION 'A change of another tenant than the transaction''s has no number in its order.';
  END IF;
  SELECT epoch INTO STRICT NEW.epoch FROM platform.log_life;
  RETURN NEW;
END $$;
CREATE TRIGGER stamp BEFORE INSERT ON change_log FOR EACH ROW EXECUTE FUNCTION stamp_change();

CREATE FUNCTION refuse_other_past() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog AS $$
BEGIN
  RAISE EXCEPTION 'What the change log says is never changed.';
END $$;
CREATE TRIGGER unchanged BEFORE UPDATE ON change_log FOR EACH ROW EXECUTE FUNCTION refuse_other_past();

-- Which of some tenants have changes after a place. It tells of places only, never what changed. Its owner, who need not
-- be a superuser, sees the rows of all tenants as the operator.
CREATE FUNCTION changed_tenants(tenants text[], places bigint[]) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM set_config('panorama.operator', 'yes', true);
  RETURN QUERY
    SELECT asked.tenant_id FROM unnest(tenants, places) AS asked (tenant_id, place)
    CROSS JOIN LATERAL (
      SELECT FROM platform.change_log c WHERE c.tenant_id = asked.tenant_id AND c.seq > asked.place LIMIT 1) AS later;
  PERFORM set_config('panorama.operator', '', true);
END $$;

-- The life of the log, and whether this server still leads it.
CREATE FUNCTION log_epoch() RETURNS TABLE (epoch uuid, is_current boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT l.epoch, l.system_identifier = s.system_identifier AND l.timeline_id = c.timeline_id
  FROM platform.log_life l, pg_control_system() s, pg_control_checkpoint() c
$$;

CREATE FUNCTION renew_log_epoch() RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE platform.log_life l
  SET epoch = gen_random_uuid(), system_identifier = s.system_identifier, timeline_id = c.timeline_id
  FROM pg_control_system() s, pg_control_checkpoint() c
  WHERE (l.system_identifier, l.timeline_id) IS DISTINCT FROM (s.system_identifier, c.timeline_id)
$$;

REVOKE ALL ON FUNCTION lock_changes(), next_change_number(), stamp_change(), refuse_other_past(),
  changed_tenants(text[], bigint[]), log_epoch(), renew_log_epoch() FROM PUBLIC;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['log_life', 'log_marks', 'log_floors', 'change_log', 'change_log_1', 'change_log_rest'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
  END LOOP;
  FOREACH name IN ARRAY ARRAY['log_floors', 'change_log', 'change_log_1', 'change_log_rest'] LOOP
    EXECUTE format('CREATE POLICY operator ON %I TO CURRENT_USER
      USING (current_setting(''panorama.operator'', true) = ''yes'')
      WITH CHECK (current_setting(''panorama.operator'', true) = ''yes'')', name);
  END LOOP;
END $$;
CREATE POLICY operator ON log_life TO CURRENT_USER USING (true) WITH CHECK (true);
CREATE POLICY operator ON log_marks TO CURRENT_USER USING (true) WITH CHECK (true);
