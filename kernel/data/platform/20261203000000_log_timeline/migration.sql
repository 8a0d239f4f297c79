-- The timeline on which this server writes now. A standby that takes over is on a new one at once, but says so in its
-- control file only when its first checkpoint is done, which takes minutes; until then a position of the server before
-- it would be taken for one of this log. Where a server does not tell (some managed ones), the control file has to do.
CREATE FUNCTION log_timeline() RETURNS integer
  LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
BEGIN
  RETURN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;
EXCEPTION WHEN feature_not_supported OR object_not_in_prerequisite_state THEN
  RETURN (SELECT timeline_id FROM pg_control_checkpoint());
END $$;

CREATE OR REPLACE FUNCTION log_epoch() RETURNS TABLE (epoch uuid, is_current boolean)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT l.epoch, l.system_identifier = s.system_identifier AND l.timeline_id = platform.log_timeline()
  FROM platform.log_life l, pg_control_system() s
$$;

CREATE OR REPLACE FUNCTION renew_log_epoch() RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE platform.log_life l
  SET epoch = gen_random_uuid(), system_identifier = s.system_identifier, timeline_id = platform.log_timeline()
  FROM pg_control_system() s
  WHERE (l.system_identifier, l.timeline_id) IS DISTINCT FROM (s.system_identifier, platform.log_timeline())
$$;

-- The epoch for a change that is written now: also when nobody has looked at the log since this server took over.
CREATE FUNCTION current_epoch() RETURNS uuid
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
  life platform.log_life;
BEGIN
  SELECT * INTO STRICT life FROM platform.log_life;
  IF life.timeline_id <> platform.log_timeline() THEN
    PERFORM platform.renew_log_epoch();
    SELECT * INTO STRICT life FROM platform.log_life;
  END IF;
  RETURN life.epoch;
END $$;

REVOKE ALL ON FUNCTION log_timeline(), current_epoch() FROM PUBLIC;
