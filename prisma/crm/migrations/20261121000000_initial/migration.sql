-- Every table: tenant_id first in every key, and a policy that shows a transaction only the rows of its tenant.
-- The columns named *_key hold the form by which a text is compared, sorted and searched; the app makes it.

CREATE TYPE lead_status AS ENUM ('NEW', 'CONTACTED', 'QUALIFIED', 'CONVERTED', 'LOST');
CREATE TYPE deal_stage AS ENUM ('OPEN', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST');
CREATE TYPE activity_entity_type AS ENUM ('LEAD', 'CONTACT', 'DEAL');

CREATE TABLE companies (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
  name_key text NOT NULL,
  domain text CHECK (length(domain) BETWEEN 3 AND 253),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT companies_domain_key UNIQUE (tenant_id, domain)
);
CREATE INDEX companies_name ON companies (tenant_id, name_key, id);
CREATE INDEX companies_created_at ON companies (tenant_id, created_at, id);

CREATE TABLE contacts (
  tenant_id text NOT NULL,
  id text NOT NULL,
  first_name text NOT NULL CHECK (length(first_name) BETWEEN 1 AND 100),
  last_name text NOT NULL CHECK (length(last_name) BETWEEN 1 AND 100),
  name_key text NOT NULL,
  email text CHECK (length(email) BETWEEN 3 AND 254),
  email_key text CHECK ((email_key IS NULL) = (email IS NULL)),
  phone text,
  company_id text,
  source text,
  search_key text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT contacts_email_key UNIQUE (tenant_id, email_key),
  CONSTRAINT contacts_company FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id)
);
CREATE INDEX contacts_name ON contacts (tenant_id, name_key, id);
CREATE INDEX contacts_created_at ON contacts (tenant_id, created_at, id);
CREATE INDEX contacts_updated_at ON contacts (tenant_id, updated_at, id);
CREATE INDEX contacts_company ON contacts (tenant_id, company_id, created_at);

CREATE TABLE leads (
  tenant_id text NOT NULL,
  id text NOT NULL,
  contact_id text NOT NULL,
  first_name text NOT NULL CHECK (length(first_name) BETWEEN 1 AND 100),
  last_name text NOT NULL CHECK (length(last_name) BETWEEN 1 AND 100),
  name_key text NOT NULL,
  email text NOT NULL CHECK (length(email) BETWEEN 3 AND 254),
  email_key text NOT NULL,
  phone text,
  company text,
  source text,
  status lead_status NOT NULL DEFAULT 'NEW',
  status_rank smallint NOT NULL GENERATED ALWAYS AS (
    CASE status WHEN 'NEW' THEN 1 WHEN 'CONTACTED' THEN 2 WHEN 'QUALIFIED' THEN 3 WHEN 'CONVERTED' THEN 4 ELSE 5 END
  ) STORED,
  assignee_id text,
  note text,
  search_key text NOT NULL,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT leads_contact FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX leads_created_at ON leads (tenant_id, created_at, id);
CREATE INDEX leads_updated_at ON leads (tenant_id, updated_at, id);
CREATE INDEX leads_name ON leads (tenant_id, name_key, id);
CREATE INDEX leads_status ON leads (tenant_id, status_rank, id);
CREATE INDEX leads_contact ON leads (tenant_id, contact_id, created_at);
CREATE INDEX leads_email ON leads (tenant_id, email_key, created_at);
CREATE INDEX leads_assignee ON leads (tenant_id, assignee_id, created_at);

CREATE TABLE deals (
  tenant_id text NOT NULL,
  id text NOT NULL,
  title text NOT NULL CHECK (length(title) BETWEEN 1 AND 200),
  title_key text NOT NULL,
  stage deal_stage NOT NULL DEFAULT 'OPEN',
  stage_rank smallint NOT NULL GENERATED ALWAYS AS (
    CASE stage WHEN 'OPEN' THEN 1 WHEN 'PROPOSAL' THEN 2 WHEN 'NEGOTIATION' THEN 3 WHEN 'WON' THEN 4 ELSE 5 END
  ) STORED,
  amount bigint NOT NULL CHECK (amount >= 0),
  currency text NOT NULL CHECK (currency ~ '^[A-Z]{3}$'),
  contact_id text,
  company_id text,
  lead_id text,
  expected_close_on date,
  closed_at timestamptz(3) CHECK ((closed_at IS NULL) = (stage NOT IN ('WON', 'LOST'))),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT deals_contact FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
  CONSTRAINT deals_company FOREIGN KEY (tenant_id, company_id) REFERENCES companies (tenant_id, id),
  CONSTRAINT deals_lead FOREIGN KEY (tenant_id, lead_id) REFERENCES leads (tenant_id, id)
);
CREATE INDEX deals_created_at ON deals (tenant_id, created_at, id);
CREATE INDEX deals_updated_at ON deals (tenant_id, updated_at, id);
CREATE INDEX deals_title ON deals (tenant_id, title_key, id);
CREATE INDEX deals_stage ON deals (tenant_id, stage_rank, id);
CREATE INDEX deals_amount ON deals (tenant_id, amount, id);
CREATE INDEX deals_expected_close_on ON deals (tenant_id, expected_close_on, id);
CREATE INDEX deals_contact ON deals (tenant_id, contact_id, created_at);
CREATE INDEX deals_company ON deals (tenant_id, company_id, created_at);
CREATE INDEX deals_lead ON deals (tenant_id, lead_id, created_at);

CREATE TABLE activities (
  tenant_id text NOT NULL,
  id text NOT NULL,
  type text NOT NULL CHECK (type ~ '^[A-Z][A-Z0-9_]{0,63}$'),
  subject text,
  description text,
  entity_type activity_entity_type NOT NULL,
  entity_id text NOT NULL,
  contact_id text,
  search_key text NOT NULL,
  due_at timestamptz(3),
  completed_at timestamptz(3),
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  updated_at timestamptz(3) NOT NULL DEFAULT now(),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id),
  CONSTRAINT activities_contact FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id)
);
CREATE INDEX activities_created_at ON activities (tenant_id, created_at, id);
CREATE INDEX activities_updated_at ON activities (tenant_id, updated_at, id);
CREATE INDEX activities_due_at ON activities (tenant_id, due_at, id);
CREATE INDEX activities_entity ON activities (tenant_id, entity_id, created_at);
CREATE INDEX activities_contact ON activities (tenant_id, contact_id, created_at);

ALTER TABLE companies ENABLE ROW LEVEL SECURITY;
ALTER TABLE companies FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON companies USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
ALTER TABLE contacts FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contacts USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE leads ENABLE ROW LEVEL SECURITY;
ALTER TABLE leads FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON leads USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE deals ENABLE ROW LEVEL SECURITY;
ALTER TABLE deals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deals USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE activities ENABLE ROW LEVEL SECURITY;
ALTER TABLE activities FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON activities USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
