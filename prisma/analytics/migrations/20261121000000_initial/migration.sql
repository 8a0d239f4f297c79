-- Every table: tenant_id first in every key, and a policy that shows a transaction only the rows of its tenant.

CREATE TABLE tracked_events (
  tenant_id text NOT NULL,
  id text NOT NULL,
  customer_id text NOT NULL,
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
  app text NOT NULL,
  properties jsonb,
  occurred_at timestamptz(3) NOT NULL,
  recorded_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX tracked_events_occurred_at ON tracked_events (tenant_id, occurred_at, id);
CREATE INDEX tracked_events_customer ON tracked_events (tenant_id, customer_id, occurred_at, id);
CREATE INDEX tracked_events_type ON tracked_events (tenant_id, type, occurred_at, id);

CREATE TABLE customer_behavior (
  tenant_id text NOT NULL,
  customer_id text NOT NULL,
  behavior_score double precision NOT NULL DEFAULT 0 CHECK (behavior_score BETWEEN 0 AND 100),
  session_count integer NOT NULL DEFAULT 0 CHECK (session_count >= 0),
  event_count integer NOT NULL DEFAULT 0 CHECK (event_count >= 0),
  last_activity timestamptz(3),
  preferences jsonb,
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, customer_id)
);

CREATE TABLE thresholds (
  tenant_id text NOT NULL,
  id text NOT NULL,
  metric text NOT NULL CHECK (length(metric) BETWEEN 1 AND 80),
  comparison text NOT NULL CHECK (comparison IN ('ABOVE', 'BELOW')),
  value double precision NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT thresholds_metric UNIQUE (tenant_id, metric, comparison)
);

-- One value per metric and day (UTC).
CREATE TABLE daily_metrics (
  tenant_id text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 80),
  day date NOT NULL,
  value double precision NOT NULL,
  PRIMARY KEY (tenant_id, name, day)
);

ALTER TABLE tracked_events ENABLE ROW LEVEL SECURITY;
ALTER TABLE tracked_events FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tracked_events USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE customer_behavior ENABLE ROW LEVEL SECURITY;
ALTER TABLE customer_behavior FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON customer_behavior USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE thresholds ENABLE ROW LEVEL SECURITY;
ALTER TABLE thresholds FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON thresholds USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE daily_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE daily_metrics FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON daily_metrics USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
