-- Every table: tenant_id first in every key, and a policy that shows a transaction only the rows of its tenant.

CREATE TABLE tenants (
  tenant_id text PRIMARY KEY,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  is_active boolean NOT NULL DEFAULT true,
  created_at timestamptz(3) NOT NULL DEFAULT now()
);

CREATE TABLE client_apps (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id),
  id text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  session_types text[] NOT NULL DEFAULT '{}',
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE api_keys (
  tenant_id text NOT NULL REFERENCES tenants (tenant_id),
  id text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  prefix text NOT NULL,
  digest bytea NOT NULL CHECK (length(digest) = 32),
  permissions text[] NOT NULL,
  allowed_apps text[] NOT NULL,
  is_demo boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  expires_at timestamptz(3),
  revoked_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, digest)
);
CREATE INDEX api_keys_digest ON api_keys (digest);

CREATE TABLE users (
  tenant_id text NOT NULL,
  id text NOT NULL,
  username text NOT NULL CHECK (length(username) BETWEEN 1 AND 100),
  username_key text NOT NULL,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key text NOT NULL,
  profile_data jsonb,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  last_login timestamptz(3),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT users_username_key UNIQUE (tenant_id, username_key),
  CONSTRAINT users_email_key UNIQUE (tenant_id, email_key)
);
CREATE INDEX users_created_at ON users (tenant_id, created_at, id);
CREATE INDEX users_last_login ON users (tenant_id, last_login, id);

CREATE TABLE sessions (
  tenant_id text NOT NULL,
  id text NOT NULL,
  user_id text NOT NULL,
  app_id text NOT NULL,
  session_type text NOT NULL,
  metadata jsonb,
  started_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT sessions_user FOREIGN KEY (tenant_id, user_id) REFERENCES users (tenant_id, id),
  CONSTRAINT sessions_app FOREIGN KEY (tenant_id, app_id) REFERENCES client_apps (tenant_id, id)
);
CREATE INDEX sessions_started_at ON sessions (tenant_id, started_at, id);
CREATE INDEX sessions_user ON sessions (tenant_id, user_id, started_at);

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON tenants USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE client_apps ENABLE ROW LEVEL SECURITY;
ALTER TABLE client_apps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON client_apps USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE api_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE api_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON api_keys USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
-- Whoever knows the digest of a key may find that one key: it is how a request comes to its tenant.
CREATE POLICY holder ON api_keys FOR SELECT
  USING (digest = decode(nullif(current_setting('panorama.key_digest', true), ''), 'hex'));

ALTER TABLE users ENABLE ROW LEVEL SECURITY;
ALTER TABLE users FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
ALTER TABLE sessions FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sessions USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
