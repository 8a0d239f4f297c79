-- E-mail messages that became activities, so that none does so twice. Of a message there is only a digest of its id,
-- which way it went, and when: whom it was from, what it was about and what it said are not here.

CREATE TYPE message_direction AS ENUM ('INBOUND', 'OUTBOUND');

CREATE TABLE messages (
  tenant_id text NOT NULL,
  message_key text NOT NULL CHECK (length(message_key) = 43),
  direction message_direction NOT NULL,
  activity_id text NOT NULL,
  sent_at timestamptz(3) NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, message_key)
);
CREATE INDEX messages_activity ON messages (tenant_id, activity_id);

ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
ALTER TABLE messages FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON messages USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
