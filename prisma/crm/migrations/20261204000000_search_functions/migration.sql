-- The triggers of this app make what records are found by as those of every app do.
CREATE OR REPLACE FUNCTION crm.search_vector(tenant text, names text, facts text, body text) RETURNS tsvector
LANGUAGE sql IMMUTABLE PARALLEL SAFE RETURN platform.search_vector(tenant, names, facts, body);
DROP FUNCTION crm.search_words(text);
