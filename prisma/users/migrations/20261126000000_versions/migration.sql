-- Records that change after they were made count their changes, for the change log.
ALTER TABLE sessions ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE api_keys ADD COLUMN version integer NOT NULL DEFAULT 1;
ALTER TABLE role_assignments ADD COLUMN version integer NOT NULL DEFAULT 1;
