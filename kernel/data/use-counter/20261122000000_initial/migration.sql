-- What was used under a key within its minute, for the gateways that share a limit. It is worth nothing after a crash.
CREATE UNLOGGED TABLE use_counters (
  key text PRIMARY KEY,
  points integer NOT NULL DEFAULT 0,
  expire bigint
);
COMMENT ON TABLE use_counters IS 'panorama:no-tenant counted before it is known whose request it is';
ALTER TABLE use_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE use_counters FORCE ROW LEVEL SECURITY;
CREATE POLICY counting ON use_counters USING (true) WITH CHECK (true);
