-- What records are found by, for all apps: each calls `search_vector` for its own tables. Separators are found by a regular
-- expression, because `translate` looks at each of its letters for each letter of the text.

-- The words of a text, small letters without accents, each cut at 64: `kernel/search/words.ts` does the same to what
-- is searched for. Whatever stands between words is listed, so that no locale has a say in it.
CREATE FUNCTION search_words(given text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
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
  plain := regexp_replace(plain, '[\t\n\v\f\r -/:-@[-`{-~]+', ' ', 'g');
  IF length(plain) > 64 THEN
    plain := regexp_replace(plain, '([^ ]{64})[^ ]+', '\1', 'g');
  END IF;
  RETURN array_remove(string_to_array(plain, ' '), '');
END
$$;

-- What a record is found by: its names (weight A), what else tells of it (B), its text (C); and, marked by `~`, its
-- names with one letter left out each, for misspelt words. Words hold no quotes and no backslashes.
CREATE FUNCTION search_vector(tenant text, names text, facts text, body text) RETURNS tsvector
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  key text := '''' || left(encode(sha256(convert_to(tenant, 'UTF8')), 'hex'), 8);
  words text[] := platform.search_words(names);
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
  words := platform.search_words(facts);
  IF cardinality(words) > 0 THEN
    lexemes := lexemes || ' ' || key || array_to_string(words, ''':1B ' || key) || ''':1B';
  END IF;
  words := platform.search_words(body);
  IF cardinality(words) > 0 THEN
    lexemes := lexemes || ' ' || key || array_to_string(words, ''':1C ' || key) || ''':1C';
  END IF;
  RETURN lexemes::tsvector;
END
$$;
