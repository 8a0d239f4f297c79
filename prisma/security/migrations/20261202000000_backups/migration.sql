-- Backups of the tenant, as those who may read about security see them. The rows are in files.
CREATE TABLE backups (
  tenant_id text NOT NULL,
  id text NOT NULL,
  status text NOT NULL CHECK (status IN ('RUNNING', 'COMPLETED', 'FAILED')),
  -- The user or the credential.
  requested_by text NOT NULL,
  requested_at timestamptz(3) NOT NULL,
  file_name text NOT NULL,
  -- Of the file: bytes, and SHA-256 in hex.
  size bigint,
  checksum text CHECK (checksum ~ '^[0-9a-f]{64}$'),
  row_count bigint,
  -- The instant of which the rows are.
  as_of timestamptz(3),
  completed_at timestamptz(3),
  expires_at timestamptz(3) NOT NULL,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CHECK ((completed_at IS NOT NULL) = (status = 'COMPLETED')),
  CHECK (num_nulls(size, checksum, row_count, as_of, completed_at) IN (0, 5))
);
CREATE INDEX backups_requested_at ON backups (tenant_id, requested_at, id);
COMMENT ON TABLE backups IS 'panorama:not-in-backups It says which files there are, also after one of them was restored.';

ALTER TABLE backups ENABLE ROW LEVEL SECURITY;
ALTER TABLE backups FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON backups USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
