-- Until when a document has to be kept; null leaves it to the rule for its type.
ALTER TABLE documents ADD COLUMN retention_until timestamptz(3);
CREATE INDEX documents_retention ON documents (tenant_id, retention_until) WHERE retention_until IS NOT NULL;
CREATE INDEX documents_waiting ON documents (tenant_id, updated_at)
  WHERE status IN ('UPLOADED', 'PROCESSING') AND text IS NOT NULL;

-- How many years documents of a type are kept that say nothing of their own; 7 for a type without a row.
CREATE TABLE retention_rules (
  tenant_id text NOT NULL,
  type text NOT NULL CHECK (type IN ('CONTRACT', 'INVOICE', 'REPORT', 'NOTE', 'OTHER')),
  years integer NOT NULL CHECK (years BETWEEN 1 AND 100),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, type)
);

ALTER TABLE retention_rules ENABLE ROW LEVEL SECURITY;
ALTER TABLE retention_rules FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON retention_rules USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
