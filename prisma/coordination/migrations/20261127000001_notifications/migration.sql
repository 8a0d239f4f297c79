-- What somebody is told in the inbox of all apps.

CREATE TABLE notifications (
  tenant_id text NOT NULL,
  id text NOT NULL,
  -- Whom it is for; null for everybody who may read notifications.
  user_id text,
  app text NOT NULL CHECK (length(app) BETWEEN 1 AND 64),
  type text NOT NULL CHECK (type ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  message text NOT NULL CHECK (length(message) BETWEEN 1 AND 10000),
  is_read boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notifications_created_at ON notifications (tenant_id, created_at, id);
CREATE INDEX notifications_user ON notifications (tenant_id, user_id, created_at, id);

ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifications FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON notifications USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
