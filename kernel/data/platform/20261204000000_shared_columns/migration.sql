-- What all changes of a statement have alike comes once, as `shared`: of a push of a hundred mutations that is most of
-- what there is to send and to read.
DROP FUNCTION append_changes(text, text, jsonb);

-- Appends changes in their order. Who logged in decides in the name of which app: the one whose policy lets that role write.
CREATE FUNCTION append_changes(of_tenant text, of_app text, changes jsonb, shared jsonb DEFAULT '{}') RETURNS void
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
  life := platform.current_epoch();
  PERFORM set_config('panorama.operator', 'yes', true);
  INSERT INTO platform.change_log (tenant_id, seq, epoch, app, type, entity, entity_id, version, op, data, actor,
      source_app, correlation_id, causation_id, client_id, mutation_id, priority)
    SELECT of_tenant, nextval('platform.change_numbers'), life, of_app, coalesce(own.type, alike.type),
      coalesce(own.entity, alike.entity), coalesce(own.entity_id, alike.entity_id), coalesce(own.version, alike.version),
      coalesce(own.op, alike.op), own.data, coalesce(own.actor, alike.actor), coalesce(own.source_app, alike.source_app),
      coalesce(own.correlation_id, alike.correlation_id), coalesce(own.causation_id, alike.causation_id),
      coalesce(own.client_id, alike.client_id), coalesce(own.mutation_id, alike.mutation_id),
      coalesce(own.priority, alike.priority)
    FROM jsonb_to_recordset(changes) AS own (type text, entity text, entity_id text, version integer, op text,
        data jsonb, actor text, source_app text, correlation_id text, causation_id text, client_id text,
        mutation_id bigint, priority text),
      jsonb_to_record(shared) AS alike (type text, entity text, entity_id text, version integer, op text,
        actor text, source_app text, correlation_id text, causation_id text, client_id text, mutation_id bigint,
        priority text);
  PERFORM set_config('panorama.operator', '', true);
END $$;
REVOKE ALL ON FUNCTION append_changes(text, text, jsonb, jsonb) FROM PUBLIC;
