-- Who did what, and who was not let. Rows come and never change: no role of an app may do more than insert, and only the
-- owner, who says so within the transaction, deletes what is past its time.
CREATE TABLE audit_records (
  tenant_id text NOT NULL,
  id text NOT NULL,
  -- Set here: the roles that insert may not say it.
  at timestamptz(3) NOT NULL DEFAULT clock_timestamp(),
  kind text NOT NULL CHECK (kind IN (
    'MUTATION', 'DENIAL', 'KEY_CREATED', 'KEY_REVOKED', 'KEY_EXCHANGED', 'KEY_FIRST_USED', 'CROSS_APP_ACCESS')),
  outcome text NOT NULL CHECK (outcome IN ('DONE', 'REFUSED', 'DENIED', 'FAILED')),
  source_app text,
  target_app text,
  credential_id text,
  user_id text,
  operation_name text,
  mutation text,
  entity text,
  entity_id text,
  code text,
  reason text,
  permission text,
  correlation_id text,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX audit_records_at ON audit_records (tenant_id, at, id);
CREATE INDEX audit_records_correlation ON audit_records (tenant_id, correlation_id) WHERE correlation_id IS NOT NULL;

ALTER TABLE audit_records ENABLE ROW LEVEL SECURITY;
ALTER TABLE audit_records FORCE ROW LEVEL SECURITY;
CREATE POLICY operator ON audit_records TO CURRENT_USER
  USING (current_setting('panorama.operator', true) = 'yes')
  WITH CHECK (current_setting('panorama.operator', true) = 'yes');
