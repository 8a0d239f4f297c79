-- What all apps held on a customer when it was asked for; gone a few days later, and when the customer is erased.
CREATE TABLE customer_exports (
  tenant_id text NOT NULL,
  id text NOT NULL,
  customer_id text NOT NULL,
  requested_by text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  completed_at timestamptz(3),
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX customer_exports_customer ON customer_exports (tenant_id, customer_id);
CREATE INDEX customer_exports_expiry ON customer_exports (tenant_id, expires_at);

CREATE TABLE customer_export_parts (
  tenant_id text NOT NULL,
  export_id text NOT NULL,
  app text NOT NULL,
  page integer NOT NULL,
  records jsonb NOT NULL,
  PRIMARY KEY (tenant_id, export_id, app, page),
  CONSTRAINT customer_export_parts_export FOREIGN KEY (tenant_id, export_id)
    REFERENCES customer_exports (tenant_id, id) ON DELETE CASCADE
);

-- That a customer was erased, why, and the proof; nothing here says who it was but an id that leads nowhere any more.
CREATE TABLE customer_erasures (
  tenant_id text NOT NULL,
  id text NOT NULL,
  customer_id text NOT NULL,
  reason text CHECK (length(reason) <= 500),
  requested_by text NOT NULL,
  proof jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  erased_at timestamptz(3),
  PRIMARY KEY (tenant_id, id)
);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['customer_exports', 'customer_export_parts', 'customer_erasures'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I
      USING (tenant_id = nullif(current_setting(''panorama.tenant_id'', true), ''''))', name);
  END LOOP;
END $$;
