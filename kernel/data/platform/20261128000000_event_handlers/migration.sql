-- How far the handlers of each app have come in the log of each tenant, what they have handled, and what they could not.
-- An app writes here in its own name and in the transaction of what its handler writes, so that all of it is, or nothing.

-- What was numbered before there were handlers is not theirs: a log that is older than this migration is begun at its end
-- of that day, and any other at its beginning.
CREATE TABLE event_positions (
  tenant_id text NOT NULL,
  app text NOT NULL,
  epoch uuid NOT NULL,
  -- Everything up to here was handled, was set aside, or is of no type that the app handles.
  seq bigint NOT NULL,
  PRIMARY KEY (tenant_id, app)
);
DO $$ BEGIN
  EXECUTE format('ALTER TABLE event_positions ALTER COLUMN seq SET DEFAULT %s',
    (SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM change_numbers));
END $$;

-- Which events an app has handled. Whoever hands it one again, by whatever way, finds it here, and nothing is done twice.
CREATE TABLE handled_events (
  tenant_id text NOT NULL,
  app text NOT NULL,
  epoch uuid NOT NULL,
  seq bigint NOT NULL,
  PRIMARY KEY (tenant_id, app, epoch, seq)
);
CREATE INDEX handled_events_seq ON handled_events (seq);

-- Events that could not be handled: one that is tried again at `next_at`, one that waits behind an earlier one of its
-- record (no `next_at`), and one that was given up (`dead_at`).
CREATE TABLE event_failures (
  tenant_id text NOT NULL,
  app text NOT NULL,
  seq bigint NOT NULL,
  id text NOT NULL GENERATED ALWAYS AS (app || '-' || seq) STORED,
  epoch uuid NOT NULL,
  type text NOT NULL,
  entity text NOT NULL,
  entity_id text NOT NULL,
  correlation_id text,
  attempts integer NOT NULL CHECK (attempts >= 0),
  next_at timestamptz(3),
  error_code text,
  error_message text,
  failed_at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  dead_at timestamptz(3),
  PRIMARY KEY (tenant_id, app, seq)
);
CREATE INDEX event_failures_record ON event_failures (tenant_id, app, entity_id, seq) WHERE dead_at IS NULL;
CREATE INDEX event_failures_live ON event_failures (app) WHERE dead_at IS NULL;
CREATE INDEX event_failures_dead ON event_failures (tenant_id, dead_at, id) WHERE dead_at IS NOT NULL;

-- The tenants with an event of an app that is to be tried now. It tells of places only, never what happened there.
CREATE FUNCTION tenants_to_retry(of_app text) RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM set_config('panorama.operator', 'yes', true);
  RETURN QUERY
    SELECT DISTINCT f.tenant_id FROM platform.event_failures f
    WHERE f.app = of_app AND f.dead_at IS NULL AND (f.next_at <= clock_timestamp() OR (f.next_at IS NULL AND NOT EXISTS (
      SELECT FROM platform.event_failures e WHERE (e.tenant_id, e.app, e.entity_id) = (f.tenant_id, f.app, f.entity_id)
        AND e.dead_at IS NULL AND e.seq < f.seq)));
  PERFORM set_config('panorama.operator', '', true);
END $$;

-- The tenants that have anything in the log, one step through the index for each.
CREATE FUNCTION logged_tenants() RETURNS SETOF text
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  PERFORM set_config('panorama.operator', 'yes', true);
  RETURN QUERY
    WITH RECURSIVE found (tenant) AS (
      SELECT min(c.tenant_id) FROM platform.change_log c
      UNION ALL
      SELECT (SELECT min(c.tenant_id) FROM platform.change_log c WHERE c.tenant_id > f.tenant)
      FROM found f WHERE f.tenant IS NOT NULL)
    SELECT tenant FROM found WHERE tenant IS NOT NULL;
  PERFORM set_config('panorama.operator', '', true);
END $$;

REVOKE ALL ON FUNCTION tenants_to_retry(text), logged_tenants() FROM PUBLIC;

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['event_positions', 'handled_events', 'event_failures'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY operator ON %I TO CURRENT_USER
      USING (current_setting(''panorama.operator'', true) = ''yes'')
      WITH CHECK (current_setting(''panorama.operator'', true) = ''yes'')', name);
  END LOOP;
END $$;
