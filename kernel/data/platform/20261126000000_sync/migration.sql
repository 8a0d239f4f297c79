-- What clients pushed that work without a connection, and what came of it; and what mutations with a key came to. Rows come
-- and never change. The owner deletes those that are past their time.

-- A client belongs to whoever pushed first in its name.
CREATE TABLE sync_clients (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  holder text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, client_id)
);

-- The last id of a client is the highest here: what a mutation did and that it was done commit together.
CREATE TABLE sync_results (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  mutation_id integer NOT NULL CHECK (mutation_id > 0),
  app text NOT NULL,
  digest text NOT NULL,
  status text NOT NULL CHECK (status IN ('APPLIED', 'MERGED', 'CONFLICT', 'REJECTED')),
  version integer,
  code text,
  field text,
  message text,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, client_id, mutation_id)
);

-- What was not done, as it was asked for, beside the record as it was then.
CREATE TABLE sync_rejections (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  mutation_id integer NOT NULL,
  app text NOT NULL,
  mutation jsonb NOT NULL,
  server_record jsonb,
  PRIMARY KEY (tenant_id, client_id, mutation_id)
);

-- Up to which id a client has seen what was not done.
CREATE TABLE sync_acknowledgements (
  tenant_id text NOT NULL,
  client_id text NOT NULL,
  up_to integer NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, client_id, up_to)
);

-- Which request an idempotency key of a credential stands for.
CREATE TABLE idempotency_keys (
  tenant_id text NOT NULL,
  holder text NOT NULL,
  key text NOT NULL,
  digest text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, holder, key)
);

-- What each write of such a request came to, sealed: it may hold a key that was made, and personal data.
CREATE TABLE idempotent_results (
  tenant_id text NOT NULL,
  holder text NOT NULL,
  key text NOT NULL,
  app text NOT NULL,
  field text NOT NULL,
  result text NOT NULL,
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (tenant_id, holder, key, app, field)
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['sync_clients', 'sync_results', 'sync_rejections', 'sync_acknowledgements',
      'idempotency_keys', 'idempotent_results'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY operator ON %I TO CURRENT_USER
      USING (current_setting(''panorama.operator'', true) = ''yes'')
      WITH CHECK (current_setting(''panorama.operator'', true) = ''yes'')', name);
  END LOOP;
END $$;

-- Begins a push of a client into an app: makes the client known, and gives whose it is, its last id, and what is known of
-- the ids of the push. Pushes of a tenant into one app go one after the other, so that two that change the same records do
-- not wait for each other; those of a client too, whichever apps they are for. Every statement here sees what the
-- transaction that it waited for has committed. It waits for a while longer than others may: those before it do a lot.
CREATE FUNCTION begin_push(of_app text, client text, new_holder text, first_id integer, last_id integer)
  RETURNS TABLE (holder text, last_mutation_id integer, results jsonb)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog SET lock_timeout = '4500ms' AS $$
DECLARE tenant text := current_setting('panorama.tenant_id');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ' ' || of_app, 78));
  PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ' ' || client, 79));
  INSERT INTO platform.sync_clients (tenant_id, client_id, holder) VALUES (tenant, client, new_holder)
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT c.holder,
    coalesce((SELECT max(r.mutation_id) FROM platform.sync_results r
      WHERE r.tenant_id = tenant AND r.client_id = client), 0),
    coalesce((SELECT jsonb_agg(to_jsonb(r)) FROM platform.sync_results r
      WHERE r.tenant_id = tenant AND r.client_id = client AND r.mutation_id BETWEEN first_id AND last_id), '[]')
  FROM platform.sync_clients c WHERE c.tenant_id = tenant AND c.client_id = client;
END $$;

-- Begins a write of a request with a key: waits for one that is under way, and gives what it came to. No row: it is new.
CREATE FUNCTION begin_request(of_holder text, of_key text, of_app text, of_field text)
  RETURNS TABLE (digest text, result text)
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog SET lock_timeout = '4500ms' AS $$
DECLARE tenant text := current_setting('panorama.tenant_id');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(tenant || ' ' || of_holder || ' ' || of_key, 80));
  RETURN QUERY SELECT k.digest, (SELECT r.result FROM platform.idempotent_results r
      WHERE r.tenant_id = tenant AND r.holder = of_holder AND r.key = of_key AND r.app = of_app AND r.field = of_field)
    FROM platform.idempotency_keys k WHERE k.tenant_id = tenant AND k.holder = of_holder AND k.key = of_key;
END $$;

REVOKE ALL ON FUNCTION begin_push(text, text, text, integer, integer), begin_request(text, text, text, text) FROM PUBLIC;
