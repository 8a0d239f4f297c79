-- The inbox of all apps: a notification is there once, whoever it is for; each reader has marks of what was read.

ALTER TABLE notifications
  DROP COLUMN is_read,
  -- Whom it is for, where it is not for one user: whoever has the permission; null for everybody.
  ADD COLUMN permission text CHECK (permission ~ '^(\*|[a-z][a-z-]{0,31}:(\*|[a-z][a-z-]{0,31}))$'),
  ADD COLUMN priority text NOT NULL DEFAULT 'NORMAL' CHECK (priority IN ('LOW', 'NORMAL', 'HIGH', 'CRITICAL')),
  -- The record that it is about.
  ADD COLUMN about_entity text CHECK (length(about_entity) BETWEEN 1 AND 64),
  ADD COLUMN about_id text CHECK (length(about_id) BETWEEN 1 AND 128),
  ADD CONSTRAINT notifications_audience CHECK (user_id IS NULL OR permission IS NULL),
  ADD CONSTRAINT notifications_record CHECK ((about_entity IS NULL) = (about_id IS NULL));
CREATE INDEX notifications_about ON notifications (tenant_id, about_id);

-- Who reads: `user:<id>`, or `key:<id>` for a credential without a user; and how they want to be told.
CREATE TABLE notification_inboxes (
  tenant_id text NOT NULL,
  reader text NOT NULL CHECK (reader ~ '^(user|key):'),
  -- Of each: app and type, null for all, and whether inbox, email and webhook are wanted, null where another one says.
  preferences jsonb NOT NULL DEFAULT '[]',
  -- Counts the changes to the inbox.
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, reader)
);
-- Those who want more than the inbox.
CREATE INDEX notification_inboxes_email ON notification_inboxes (tenant_id)
  WHERE jsonb_path_exists(preferences, '$[*] ? (@.email == true)');

CREATE TABLE notification_reads (
  tenant_id text NOT NULL,
  reader text NOT NULL,
  notification_id text NOT NULL,
  read_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, reader, notification_id),
  CONSTRAINT notification_reads_notification FOREIGN KEY (tenant_id, notification_id)
    REFERENCES notifications (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT notification_reads_inbox FOREIGN KEY (tenant_id, reader)
    REFERENCES notification_inboxes (tenant_id, reader) ON DELETE CASCADE
);
CREATE INDEX notification_reads_of ON notification_reads (tenant_id, notification_id);

-- Where notifications are posted to. The secret that signs them is derived and kept nowhere.
CREATE TABLE webhooks (
  tenant_id text NOT NULL,
  id text NOT NULL,
  url text NOT NULL CHECK (length(url) BETWEEN 8 AND 2000),
  -- Types of notifications; none for all.
  types text[] NOT NULL DEFAULT '{}',
  -- Who registered it, and what they could read then: it is told nothing else.
  reader text NOT NULL,
  permissions text[] NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhooks_created_at ON webhooks (tenant_id, created_at, id);

-- What was sent beside the inbox, or is to be. Not here: addresses, and what was said.
CREATE TABLE notification_deliveries (
  tenant_id text NOT NULL,
  -- Made of what it is, so that it is there once.
  id text NOT NULL,
  notification_id text NOT NULL,
  channel text NOT NULL CHECK (channel IN ('EMAIL', 'WEBHOOK')),
  user_id text,
  webhook_id text,
  status text NOT NULL DEFAULT 'PENDING' CHECK (status IN ('PENDING', 'RETRYING', 'SUCCEEDED', 'FAILED', 'SKIPPED')),
  attempts integer NOT NULL DEFAULT 0,
  -- What the other side answered: the status of HTTP, or the reply code of SMTP.
  response_code integer,
  -- Why it came to nothing, in one word.
  reason text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  ended_at timestamptz(3),
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT notification_deliveries_recipient CHECK (
    (channel = 'EMAIL') = (user_id IS NOT NULL) AND (channel = 'WEBHOOK') = (webhook_id IS NOT NULL)),
  CONSTRAINT notification_deliveries_notification FOREIGN KEY (tenant_id, notification_id)
    REFERENCES notifications (tenant_id, id) ON DELETE CASCADE,
  CONSTRAINT notification_deliveries_webhook FOREIGN KEY (tenant_id, webhook_id)
    REFERENCES webhooks (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX notification_deliveries_created_at ON notification_deliveries (tenant_id, created_at, id);
CREATE INDEX notification_deliveries_notification ON notification_deliveries (tenant_id, notification_id);
CREATE INDEX notification_deliveries_webhook ON notification_deliveries (tenant_id, webhook_id);

DO $$
DECLARE name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['notification_inboxes', 'notification_reads', 'webhooks', 'notification_deliveries'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    EXECUTE format('CREATE POLICY tenant ON %I
      USING (tenant_id = nullif(current_setting(''panorama.tenant_id'', true), ''''))', name);
  END LOOP;
END $$;
