-- `version` counts the preferences only, for those who change them; `revision` counts every change, for the change log.
ALTER TABLE customer_behavior ADD COLUMN revision integer NOT NULL DEFAULT 0;
