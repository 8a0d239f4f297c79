-- What was asked for by voice. Not here: what was said, and the parameters of a command, which name people.

CREATE TABLE voice_commands (
  tenant_id text NOT NULL,
  id text NOT NULL,
  command text NOT NULL CHECK (length(command) BETWEEN 1 AND 64),
  user_id text,
  source_app text NOT NULL,
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  success boolean CHECK ((success IS NULL) = (ended_at IS NULL)),
  speech text,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX voice_commands_started_at ON voice_commands (tenant_id, started_at, id);

ALTER TABLE voice_commands ENABLE ROW LEVEL SECURITY;
ALTER TABLE voice_commands FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON voice_commands USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
