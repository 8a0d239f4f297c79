-- Totals of won deals that a tenant wants to be told of, each once.
CREATE TABLE revenue_milestones (
  tenant_id text NOT NULL,
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  amount bigint NOT NULL CHECK (amount > 0),
  reached_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, currency, amount)
);

ALTER TABLE revenue_milestones ENABLE ROW LEVEL SECURITY;
ALTER TABLE revenue_milestones FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON revenue_milestones USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

-- What was closed when, and what won deals are worth together, read from the index alone.
CREATE INDEX deals_closed_at ON deals (tenant_id, closed_at) INCLUDE (stage, currency, amount) WHERE closed_at IS NOT NULL;
CREATE INDEX deals_won ON deals (tenant_id, currency) INCLUDE (amount) WHERE stage = 'WON';
