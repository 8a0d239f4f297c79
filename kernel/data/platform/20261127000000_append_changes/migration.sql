-- Changes are appended by one function for as many as a transaction has: it takes the lock and the epoch once, and numbers
-- by the bare sequence. It runs as the owner, so no role needs a right on the table but to read: the number, the epoch and
-- the tenant of a row are nobody's to choose.
DROP TRIGGER stamp ON change_log;
DROP FUNCTION stamp_change();
ALTER TABLE change_log ALTER COLUMN seq DROP DEFAULT;
DROP FUNCTION next_change_number();

-- Appends changes in their order. Who logged in decides in the name of which app: the one whose policy lets that role write.
CREATE FUNCTION append_changes(of_tenant text, of_app text, changes jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  life uuid;
BEGIN
  PERFORM platform.lock_changes();
  IF of_tenant IS DISTINCT FROM current_setting('panorama.tenant_id') THEN
    RAISE EXCEPTION 'A change of another tenant than the transaction''s has no number in its order.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = 'platform.change_log'::regclass AND polcmd = 'a'
      AND polname = 'writer_' || of_app AND (SELECT oid FROM pg_roles WHERE rolname = session_user) = ANY (polroles)) THEN
    RAISE insufficient_privilege USING MESSAGE = format('permission denied to write changes of the app %s', of_app);
  END IF;
  SELECT epoch INTO STRICT life FROM platform.log_life;
  PERFORM set_config('panorama.operator', 'yes', true);
  INSERT INTO platform.change_log (tenant_id, seq, epoch, app, type, entity, entity_id, version, op, data, actor,
      source_app, correlation_id, causation_id, client_id, mutation_id, priority)
    SELECT of_tenant, nextval('platform.change_numbers'), life, of_app, type, entity, entity_id, version, op, data, actor,
      source_app, correlation_id, causation_id, client_id, mutation_id, priority
    FROM jsonb_to_recordset(changes) AS change (type text, entity text, entity_id text, version integer, op text,
      data jsonb, actor text, source_app text, correlation_id text, causation_id text, client_id text,
      mutation_id bigint, priority text);
  PERFORM set_config('panorama.operator', '', true);
END $$;
REVOKE ALL ON FUNCTION append_changes(text, text, jsonb) FROM PUBLIC;

-- Begins a push as before, but a few pushes of a tenant into one app may be under way at a time: while one waits for the
-- database, another is made ready. Those that change the same records wait for each other by the locks of the records,
-- which each push takes in one order; where two wait in a circle all the same, one of them is run again. Pushes of one
-- client still go one after the other. For all of its transaction a push waits longer for a lock than others do: those
-- before it do a lot.
CREATE OR REPLACE FUNCTION begin_push(of_app text, client text, new_holder text, first_id integer, last_id integer)
  RETURNS TABLE (holder text, last_mutation_id integer, results jsonb)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
  tenant text := current_setting('panorama.tenant_id');
  places bigint[] := ARRAY(SELECT hashtextextended(tenant || ' ' || of_app, 78 + 1000 * place) FROM generate_series(0, 2) place);
  free boolean := false;
BEGIN
  PERFORM set_config('lock_timeout', '4500ms', true);
  PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ' ' || client, 79));
  FOR place IN 1..array_length(places, 1) LOOP
    free := pg_try_advisory_xact_lock(places[place]);
    EXIT WHEN free;
  END LOOP;
  IF NOT free THEN
    PERFORM pg_advisory_xact_lock(places[1 + mod(abs(hashtext(client)::bigint), array_length(places, 1))]);
  END IF;
  INSERT INTO platform.sync_clients (tenant_id, client_id, holder) VALUES (tenant, client, new_holder)
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT c.holder,
    coalesce((SELECT max(r.mutation_id) FROM platform.sync_results r
      WHERE r.tenant_id = tenant AND r.client_id = client), 0),
    coalesce((SELECT jsonb_agg(to_jsonb(r)) FROM platform.sync_results r
      WHERE r.tenant_id = tenant AND r.client_id = client AND r.mutation_id BETWEEN first_id AND last_id), '[]')
  FROM platform.sync_clients c WHERE c.tenant_id = tenant AND c.client_id = client;
END $$;
