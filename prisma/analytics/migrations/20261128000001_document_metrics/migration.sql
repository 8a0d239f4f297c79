-- What was processed of the documents of each customer.
CREATE TABLE document_metrics (
  tenant_id text NOT NULL,
  customer_id text NOT NULL,
  processed_count integer NOT NULL CHECK (processed_count > 0),
  word_count bigint NOT NULL CHECK (word_count >= 0),
  last_processed_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, customer_id)
);

ALTER TABLE document_metrics ENABLE ROW LEVEL SECURITY;
ALTER TABLE document_metrics FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON document_metrics USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
