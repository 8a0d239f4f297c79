-- Every table: tenant_id first in every key, and a policy that shows a transaction only the rows of its tenant.

CREATE TABLE folders (
  tenant_id text NOT NULL,
  id text NOT NULL,
  owner_id text NOT NULL,
  parent_id text,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
  name_key text NOT NULL,
  -- Short enough that any path fits into an index entry.
  path text NOT NULL CHECK (length(path) BETWEEN 2 AND 500),
  template text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT folders_of_owner UNIQUE (tenant_id, owner_id, id),
  CONSTRAINT folders_name_key UNIQUE NULLS NOT DISTINCT (tenant_id, owner_id, parent_id, name_key),
  CONSTRAINT folders_parent FOREIGN KEY (tenant_id, owner_id, parent_id) REFERENCES folders (tenant_id, owner_id, id)
);
CREATE INDEX folders_path ON folders (tenant_id, path, id);
CREATE INDEX folders_created_at ON folders (tenant_id, created_at, id);
CREATE INDEX folders_owner_path ON folders (tenant_id, owner_id, path, id);

CREATE TABLE documents (
  tenant_id text NOT NULL,
  id text NOT NULL,
  owner_id text NOT NULL,
  folder_id text,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  title_key text NOT NULL,
  type text NOT NULL CHECK (type IN ('CONTRACT', 'INVOICE', 'REPORT', 'NOTE', 'OTHER')),
  mime_type text NOT NULL CHECK (length(mime_type) <= 127),
  -- Bytes.
  size bigint NOT NULL CHECK (size BETWEEN 0 AND 1099511627776),
  status text NOT NULL DEFAULT 'UPLOADED' CHECK (status IN ('UPLOADED', 'PROCESSING', 'PROCESSED', 'FAILED')),
  text text CHECK (length(text) <= 1000000),
  checksum text CHECK (checksum ~ '^[0-9a-f]{64}$'),
  word_count integer,
  line_count integer,
  character_count integer,
  processing_ms double precision,
  processing_summary text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  processed_at timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  -- A document lies in a folder of its own owner.
  CONSTRAINT documents_folder FOREIGN KEY (tenant_id, owner_id, folder_id) REFERENCES folders (tenant_id, owner_id, id)
);
CREATE INDEX documents_created_at ON documents (tenant_id, created_at, id);
CREATE INDEX documents_updated_at ON documents (tenant_id, updated_at, id);
CREATE INDEX documents_title ON documents (tenant_id, title_key, id);
CREATE INDEX documents_size ON documents (tenant_id, size, id);
-- The size comes along so that what an owner's documents take up is summed from the index alone.
CREATE INDEX documents_owner ON documents (tenant_id, owner_id, created_at, id) INCLUDE (size);
CREATE INDEX documents_folder ON documents (tenant_id, folder_id);

ALTER TABLE folders ENABLE ROW LEVEL SECURITY;
ALTER TABLE folders FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON folders USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE documents ENABLE ROW LEVEL SECURITY;
ALTER TABLE documents FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON documents USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
