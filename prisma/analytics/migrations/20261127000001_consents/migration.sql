-- What customers have agreed to, or have not: the last word for each purpose.
CREATE TABLE consents (
  tenant_id text NOT NULL,
  customer_id text NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('ANALYTICS', 'PERSONALISATION', 'MARKETING')),
  granted boolean NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, customer_id, purpose)
);
-- Which customers are known by more than counts.
CREATE INDEX tracked_events_with_properties ON tracked_events (tenant_id, customer_id) WHERE properties IS NOT NULL;

ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
ALTER TABLE consents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consents USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
