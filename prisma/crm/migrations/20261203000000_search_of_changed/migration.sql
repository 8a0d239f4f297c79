-- What many changed records are found by is made anew in one statement, as what many new ones are found by. Where no
-- searched field has changed, nothing is done. Each entry is looked up by its key, however few there were when the plan was
-- made: a session keeps its plan while the table grows.

CREATE FUNCTION crm.index_changed_leads() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  -- The policy shows an entry to one who searches for it: here for whatever lacks a word that there is not.
  PERFORM set_config('panorama.search', '!''#''', true);
  UPDATE crm.leads_search AS entry SET words = crm.search_vector(
    now.tenant_id, now.first_name || ' ' || now.last_name, concat_ws(' ', now.email, now.company, now.phone), now.note)
  FROM (SELECT tenant_id, id, first_name, last_name, email, company, phone, note FROM after_change
    EXCEPT SELECT tenant_id, id, first_name, last_name, email, company, phone, note FROM before_change) AS now
  WHERE entry.tenant_id = now.tenant_id AND entry.id = now.id;
  RETURN NULL;
END
$$;
DROP TRIGGER leads_search_changed ON leads;
CREATE TRIGGER leads_search_changed AFTER UPDATE ON leads
  REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
  FOR EACH STATEMENT EXECUTE FUNCTION crm.index_changed_leads();

CREATE FUNCTION crm.index_changed_contacts() RETURNS trigger LANGUAGE plpgsql
SET enable_hashjoin = off SET enable_mergejoin = off SET enable_material = off
SET enable_seqscan = off SET enable_bitmapscan = off AS $$
BEGIN
  -- The policy shows an entry to one who searches for it: here for whatever lacks a word that there is not.
  PERFORM set_config('panorama.search', '!''#''', true);
  UPDATE crm.contacts_search AS entry SET words = crm.search_vector(
    now.tenant_id, now.first_name || ' ' || now.last_name, concat_ws(' ', now.email, now.phone), NULL)
  FROM (SELECT tenant_id, id, first_name, last_name, email, phone FROM after_change
    EXCEPT SELECT tenant_id, id, first_name, last_name, email, phone FROM before_change) AS now
  WHERE entry.tenant_id = now.tenant_id AND entry.id = now.id;
  RETURN NULL;
END
$$;
DROP TRIGGER contacts_search_changed ON contacts;
CREATE TRIGGER contacts_search_changed AFTER UPDATE ON contacts
  REFERENCING OLD TABLE AS before_change NEW TABLE AS after_change
  FOR EACH STATEMENT EXECUTE FUNCTION crm.index_changed_contacts();
