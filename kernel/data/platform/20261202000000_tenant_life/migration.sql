-- Where the life of a tenant's log begins: after a restore of the tenant, positions before it are worth nothing, though the
-- log still has what was restored.
ALTER TABLE log_floors ADD COLUMN life_began bigint NOT NULL DEFAULT 0;
