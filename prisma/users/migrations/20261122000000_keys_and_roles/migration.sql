-- API keys know who made them and how much they may use. Roles are the tenant's own, given to users and to keys.

ALTER TABLE api_keys
  -- Units of cost in a minute; null leaves the limit to the settings.
  ADD COLUMN rate_limit integer CHECK (rate_limit > 0),
  -- The user or the credential that made the key; null where the platform itself did.
  ADD COLUMN created_by text CHECK (length(created_by) BETWEEN 1 AND 200),
  ADD CONSTRAINT api_keys_prefix UNIQUE (tenant_id, prefix);
CREATE INDEX api_keys_created_at ON api_keys (tenant_id, created_at, id);

CREATE TABLE roles (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id),
  id text NOT NULL,
  name text NOT NULL CHECK (name ~ '^[a-z][a-z0-9-]{0,62}$'),
  description text CHECK (length(description) BETWEEN 1 AND 500),
  permissions text[] NOT NULL,
  -- The role counts in these apps only; empty for every app.
  apps text[] NOT NULL DEFAULT '{}',
  -- Minutes after midnight in UTC, between which the role counts each day; past midnight where the end is the smaller.
  hours_from smallint CHECK (hours_from BETWEEN 0 AND 1439),
  hours_to smallint CHECK (hours_to BETWEEN 0 AND 1439),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT roles_name UNIQUE (tenant_id, name),
  CHECK (num_nonnulls(hours_from, hours_to) <> 1 AND hours_from <> hours_to)
);

CREATE TABLE role_assignments (
  tenant_id text NOT NULL,
  id text NOT NULL,
  role_id text NOT NULL,
  user_id text,
  key_id text,
  valid_until timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  created_by text CHECK (length(created_by) BETWEEN 1 AND 200),
  PRIMARY KEY (tenant_id, id),
  CHECK (num_nonnulls(user_id, key_id) = 1),
  CONSTRAINT role_assignments_of_user UNIQUE (tenant_id, user_id, role_id),
  CONSTRAINT role_assignments_of_key UNIQUE (tenant_id, key_id, role_id),
  CONSTRAINT role_assignments_role FOREIGN KEY (tenant_id, role_id) REFERENCES roles (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT role_assignments_user FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
  CONSTRAINT role_assignments_key FOREIGN KEY (tenant_id, key_id) REFERENCES api_keys (tenant_id, id)
);
CREATE INDEX role_assignments_by_role ON role_assignments (tenant_id, role_id);

ALTER TABLE roles ENABLE ROW LEVEL SECURITY;
ALTER TABLE roles FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON roles USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE role_assignments ENABLE ROW LEVEL SECURITY;
ALTER TABLE role_assignments FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON role_assignments USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
