-- What the records of this app are found by. Row-level security keeps a condition of the asker's from an index unless
-- its operator is leakproof, and no operator of full-text search or of pg_trgm is. So what is searched for is part of
-- the policy: a transaction sees those entries of its tenant that match its setting `panorama.search`, a tsquery, and
-- no others. Every word begins with a key of its tenant, so a search never walks through words of another.

-- The words of a text, small letters without accents, each cut at 64: `kernel/search/words.ts` does the same to what
-- is searched for. Whatever stands between words is listed, so that no locale has a say in it.
CREATE FUNCTION users.search_words(given text) RETURNS text[] LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  plain text := lower(given);
BEGIN
  IF given IS NULL THEN
    RETURN '{}';
  END IF;
  IF octet_length(plain) > length(plain) THEN
    plain := regexp_replace(normalize(plain, NFKD), '[\u0300-\u036f]', '', 'g');
    plain := replace(replace(replace(translate(plain, 'øđłðıς', 'odldiσ'), 'æ', 'ae'), 'œ', 'oe'), 'ß', 'ss');
    plain := regexp_replace(
      plain, '[\u0080-\u00bf\u00d7\u00f7\u2000-\u206f\u2190-\u2bff\u2e00-\u2e7f\u3000-\u303f]', ' ', 'g');
  END IF;
  plain := translate(plain, E'\t\n\v\f\r!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~', repeat(' ', 37));
  IF length(plain) > 64 THEN
    plain := regexp_replace(plain, '([^ ]{64})[^ ]+', '\1', 'g');
  END IF;
  RETURN array_remove(string_to_array(plain, ' '), '');
END
$$;

-- What a record is found by: its names (weight A), what else tells of it (B), its text (C); and, marked by `~`, its
-- names with one letter left out each, for misspelt words. Words hold no quotes and no backslashes.
CREATE FUNCTION users.search_vector(tenant text, names text, facts text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  key text := '''' || left(encode(sha256(convert_to(tenant, 'UTF8')), 'hex'), 8);
  words text[] := users.search_words(names);
  lexemes text := key || array_to_string(words, ''':1A ' || key) || ''':1A';
  word text;
BEGIN
  FOREACH word IN ARRAY words LOOP
    IF length(word) BETWEEN 3 AND 24 THEN
      FOR place IN 1 .. length(word) LOOP
        lexemes := lexemes || ' ' || key || '~' || left(word, place - 1) || substr(word, place + 1) || '''';
      END LOOP;
    END IF;
  END LOOP;
  words := users.search_words(facts);
  IF cardinality(words) > 0 THEN
    lexemes := lexemes || ' ' || key || array_to_string(words, ''':1B ' || key) || ''':1B';
  END IF;
  words := users.search_words(body);
  IF cardinality(words) > 0 THEN
    lexemes := lexemes || ' ' || key || array_to_string(words, ''':1C ' || key) || ''':1C';
  END IF;
  RETURN lexemes::tsvector;
END
$$;

CREATE TABLE users_search (
  tenant_id text NOT NULL,
  id text NOT NULL,
  words tsvector NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

CREATE FUNCTION users.index_users() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO users.users_search (tenant_id, id, words)
    SELECT tenant_id, id, users.search_vector(
      tenant_id, username, email, NULL)
    FROM inserted;
    RETURN NULL;
  END IF;
  -- The policy shows an entry to one who searches for it: here for whatever lacks a word that there is not.
  PERFORM set_config('panorama.search', '!''#''', true);
  IF TG_OP = 'DELETE' THEN
    DELETE FROM users.users_search WHERE tenant_id = OLD.tenant_id AND id = OLD.id;
  ELSE
    UPDATE users.users_search SET words = users.search_vector(
      NEW.tenant_id, NEW.username, NEW.email, NULL)
    WHERE tenant_id = NEW.tenant_id AND id = NEW.id;
  END IF;
  RETURN NULL;
END
$$;
CREATE TRIGGER users_search_new AFTER INSERT ON users REFERENCING NEW TABLE AS inserted
  FOR EACH STATEMENT EXECUTE FUNCTION users.index_users();
CREATE TRIGGER users_search_changed AFTER UPDATE ON users FOR EACH ROW
  WHEN ((OLD.username, OLD.email)
    IS DISTINCT FROM (NEW.username, NEW.email))
  EXECUTE FUNCTION users.index_users();
CREATE TRIGGER users_search_gone AFTER DELETE ON users
  FOR EACH ROW EXECUTE FUNCTION users.index_users();

-- What there is already, of all tenants.
ALTER TABLE users NO FORCE ROW LEVEL SECURITY;
INSERT INTO users_search (tenant_id, id, words)
SELECT tenant_id, id, users.search_vector(
  tenant_id, username, email, NULL)
FROM users;
ALTER TABLE users FORCE ROW LEVEL SECURITY;

-- A search reads all of what waits to be sorted in, so little may wait (1 MiB).
CREATE INDEX users_search_words ON users_search USING gin (words) WITH (gin_pending_list_limit = 1024);

ALTER TABLE users_search ENABLE ROW LEVEL SECURITY;
ALTER TABLE users_search FORCE ROW LEVEL SECURITY;
-- The value of a subquery is not known when a statement is planned: the plan is the same for rare and common words.
CREATE POLICY search ON users_search USING (
  tenant_id = nullif(current_setting('panorama.tenant_id', true), '')
  AND words @@ (SELECT nullif(current_setting('panorama.search', true), '')::tsquery)
) WITH CHECK (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
