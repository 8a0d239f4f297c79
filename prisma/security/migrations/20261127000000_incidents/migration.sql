-- Every table: tenant_id first in every key, and a policy that shows a transaction only the rows of its tenant.

CREATE TABLE incidents (
  tenant_id text NOT NULL,
  id text NOT NULL,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
  severity text NOT NULL CHECK (severity IN ('LOW', 'MEDIUM', 'HIGH', 'CRITICAL')),
  severity_rank smallint NOT NULL GENERATED ALWAYS AS (
    CASE severity WHEN 'LOW' THEN 1 WHEN 'MEDIUM' THEN 2 WHEN 'HIGH' THEN 3 ELSE 4 END
  ) STORED,
  status text NOT NULL DEFAULT 'REPORTED' CHECK (status IN ('REPORTED', 'ACKNOWLEDGED', 'RESOLVED')),
  description text NOT NULL CHECK (length(description) BETWEEN 1 AND 4000),
  affected_apps text[] NOT NULL DEFAULT '{}',
  affected_customer_ids text[] NOT NULL DEFAULT '{}',
  -- Who: a user, or else a credential.
  reported_by text NOT NULL,
  source_app text NOT NULL,
  reported_at timestamptz(3) NOT NULL DEFAULT now(),
  acknowledged_by text,
  acknowledged_at timestamptz(3),
  resolved_by text,
  resolved_at timestamptz(3),
  resolution text CHECK (length(resolution) BETWEEN 1 AND 4000),
  search_key text NOT NULL,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CHECK ((acknowledged_at IS NULL) = (status = 'REPORTED')),
  CHECK ((resolved_at IS NULL) = (status <> 'RESOLVED'))
);
CREATE INDEX incidents_reported_at ON incidents (tenant_id, reported_at, id);
CREATE INDEX incidents_updated_at ON incidents (tenant_id, updated_at, id);
CREATE INDEX incidents_severity ON incidents (tenant_id, severity_rank, id);
CREATE INDEX incidents_acknowledged_at ON incidents (tenant_id, acknowledged_at) WHERE acknowledged_at IS NOT NULL;
CREATE INDEX incidents_resolved_at ON incidents (tenant_id, resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX incidents_open ON incidents (tenant_id, severity, status) WHERE resolved_at IS NULL;

-- What an audit came to. Reports are made and never changed.
CREATE TABLE compliance_reports (
  tenant_id text NOT NULL,
  id text NOT NULL,
  focus text NOT NULL CHECK (focus IN ('USERS', 'DATA', 'DOCUMENTS', 'COMPREHENSIVE')),
  overall_compliance boolean NOT NULL,
  score double precision NOT NULL CHECK (score BETWEEN 0 AND 100),
  apps_audited text[] NOT NULL,
  findings jsonb NOT NULL,
  omitted integer NOT NULL CHECK (omitted >= 0),
  recommendations text[] NOT NULL,
  run_id text,
  requested_by text NOT NULL,
  completed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX compliance_reports_completed_at ON compliance_reports (tenant_id, completed_at, id);

ALTER TABLE incidents ENABLE ROW LEVEL SECURITY;
ALTER TABLE incidents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON incidents USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE compliance_reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE compliance_reports FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON compliance_reports USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
