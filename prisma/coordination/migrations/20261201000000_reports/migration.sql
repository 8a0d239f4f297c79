-- Reports, which workflows of the same id make, and their rows, which go when the report has had its time.
CREATE TABLE reports (
  tenant_id text NOT NULL,
  id text NOT NULL,
  kind text NOT NULL CHECK (length(kind) BETWEEN 1 AND 64),
  range_from timestamptz(3) NOT NULL,
  range_to timestamptz(3) NOT NULL,
  time_zone text NOT NULL CHECK (length(time_zone) BETWEEN 1 AND 64),
  -- Who: a user, or else a credential.
  requested_by text NOT NULL,
  requested_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3) NOT NULL,
  completed_at timestamptz(3),
  row_count integer CHECK ((row_count IS NULL) = (completed_at IS NULL)),
  is_truncated boolean NOT NULL DEFAULT false,
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX reports_requested_at ON reports (tenant_id, requested_at, id);

CREATE TABLE report_pages (
  tenant_id text NOT NULL,
  report_id text NOT NULL,
  page integer NOT NULL CHECK (page >= 0),
  -- A list of rows, each a list of the values of the report's columns.
  rows jsonb NOT NULL,
  PRIMARY KEY (tenant_id, report_id, page),
  CONSTRAINT report_pages_report FOREIGN KEY (tenant_id, report_id) REFERENCES reports (tenant_id, id) ON DELETE CASCADE
);

ALTER TABLE reports ENABLE ROW LEVEL SECURITY;
ALTER TABLE reports FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON reports USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE report_pages ENABLE ROW LEVEL SECURITY;
ALTER TABLE report_pages FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON report_pages USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
