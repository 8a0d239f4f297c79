-- What the personal data in the change log are sealed with: a seed for each person, or other record, of which an app
-- publishes such data. The key is made of the seed and the platform's secret, so neither opens anything alone. Without its
-- seed, what was sealed is lost for good: that is how the past of somebody is erased from a log that never changes.
CREATE TABLE seal_keys (
  tenant_id text NOT NULL,
  app text NOT NULL,
  subject text NOT NULL,
  seed bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  destroyed_at timestamptz(3),
  PRIMARY KEY (tenant_id, app, subject),
  CHECK ((seed IS NULL) = (destroyed_at IS NOT NULL))
);
ALTER TABLE seal_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE seal_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON seal_keys TO CURRENT_USER
  USING (current_setting('panorama.operator', true) = 'yes')
  WITH CHECK (current_setting('panorama.operator', true) = 'yes');

-- Destroys keys of the transaction's tenant, and keeps new ones from being made for the same subjects. An app does so with
-- its own keys only: it says which app it is, and it has to be the one that writes in that name.
CREATE FUNCTION destroy_seal_keys(of_app text, subjects text[]) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  tenant text := current_setting('panorama.tenant_id', true);
  destroyed integer;
BEGIN
  IF coalesce(tenant, '') = '' THEN
    RAISE EXCEPTION 'Keys belong to a tenant, and the transaction names none.';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'platform' AND tablename = 'seal_keys'
      AND policyname = 'writer_' || of_app AND session_user = ANY (roles)) THEN
    RAISE EXCEPTION 'Only the app itself destroys its keys.';
  END IF;
  PERFORM set_config('panorama.operator', 'yes', true);
  SELECT count(*) INTO destroyed FROM platform.seal_keys
    WHERE tenant_id = tenant AND app = of_app AND subject = ANY (subjects) AND seed IS NOT NULL;
  INSERT INTO platform.seal_keys (tenant_id, app, subject, seed, destroyed_at)
    SELECT DISTINCT tenant, of_app, one, NULL::bytea, now() FROM unnest(subjects) AS one ORDER BY one
    ON CONFLICT (tenant_id, app, subject) DO UPDATE
      SET seed = NULL, destroyed_at = coalesce(seal_keys.destroyed_at, excluded.destroyed_at);
  PERFORM set_config('panorama.operator', '', true);
  RETURN destroyed;
END $$;
REVOKE ALL ON FUNCTION destroy_seal_keys(text, text[]) FROM PUBLIC;

-- Takes away what clients pushed to an app in vain, where it is about some records or has some words in it. The same holds
-- for who may call it.
CREATE FUNCTION drop_rejections(of_app text, records text[], words text[]) RETURNS integer
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  tenant text := current_setting('panorama.tenant_id', true);
  dropped integer;
BEGIN
  IF NOT EXISTS (SELECT FROM pg_policies WHERE schemaname = 'platform' AND tablename = 'sync_rejections'
      AND policyname = 'writer_' || of_app AND session_user = ANY (roles)) THEN
    RAISE EXCEPTION 'Only the app itself drops what was pushed to it.';
  END IF;
  PERFORM set_config('panorama.operator', 'yes', true);
  WITH gone AS (
    DELETE FROM platform.sync_rejections r
    WHERE tenant_id = tenant AND app = of_app AND (mutation ->> 'entityId' = ANY (records) OR EXISTS (
      SELECT FROM unnest(words) AS word
      WHERE word <> '' AND position(lower(word) IN lower(r.mutation::text || coalesce(r.server_record::text, ''))) > 0))
    RETURNING 1)
  SELECT count(*) INTO dropped FROM gone;
  PERFORM set_config('panorama.operator', '', true);
  RETURN dropped;
END $$;
REVOKE ALL ON FUNCTION drop_rejections(text, text[], text[]) FROM PUBLIC;
