-- Which contacts went into which: whoever is erased is so in what the change log tells of those as well.
CREATE TABLE merged_contacts (
  tenant_id text NOT NULL,
  id text NOT NULL,
  into_id text NOT NULL,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX merged_contacts_into ON merged_contacts (tenant_id, into_id);

ALTER TABLE merged_contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE merged_contacts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON merged_contacts USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
