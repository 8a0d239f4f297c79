-- Runs of workflows, as clients see them. The engine remembers in a schema of its own which steps are done.

CREATE TABLE workflow_runs (
  tenant_id text NOT NULL,
  id text NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  status text NOT NULL CHECK (status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  -- Counts how often the run was begun anew after it had failed, from 1.
  attempt integer NOT NULL DEFAULT 1,
  result jsonb,
  error_code text,
  error_message text,
  -- The user or the credential, and the app.
  started_by text NOT NULL,
  source_app text NOT NULL,
  correlation_id text,
  -- The event that the run follows from.
  causation_id text,
  cancel_requested boolean NOT NULL DEFAULT false,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  ended_at timestamptz(3),
  -- Counts the changes to the run.
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX workflow_runs_created_at ON workflow_runs (tenant_id, created_at, id);
-- What is to be begun, by whichever process has a hand free, and what is under way.
CREATE INDEX workflow_runs_open ON workflow_runs (status, created_at) WHERE status IN ('PENDING', 'RUNNING');

-- What a run was begun with: it may say something of a person, so it is gone once the run can no longer go on.
CREATE TABLE workflow_inputs (
  tenant_id text NOT NULL,
  run_id text NOT NULL,
  input jsonb NOT NULL,
  PRIMARY KEY (tenant_id, run_id),
  CONSTRAINT workflow_inputs_run FOREIGN KEY (tenant_id, run_id) REFERENCES workflow_runs (tenant_id, id)
);

CREATE TABLE workflow_steps (
  tenant_id text NOT NULL,
  run_id text NOT NULL,
  position integer NOT NULL,
  name text NOT NULL CHECK (length(name) BETWEEN 1 AND 64),
  status text NOT NULL CHECK (
    status IN ('PENDING', 'RUNNING', 'SUCCEEDED', 'FAILED', 'SKIPPED', 'COMPENSATED', 'COMPENSATION_FAILED')),
  attempts integer NOT NULL DEFAULT 0,
  started_at timestamptz(3),
  ended_at timestamptz(3),
  error_code text,
  error_message text,
  PRIMARY KEY (tenant_id, run_id, position),
  CONSTRAINT workflow_steps_run FOREIGN KEY (tenant_id, run_id) REFERENCES workflow_runs (tenant_id, id)
);

ALTER TABLE workflow_runs ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow_runs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow_runs USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
-- Whoever looks for something to begin does not know whose it is. These rows say nothing of a person.
CREATE POLICY open ON workflow_runs FOR SELECT
  USING (status IN ('PENDING', 'RUNNING') AND current_setting('panorama.workflow_runs', true) = 'open');

ALTER TABLE workflow_inputs ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow_inputs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow_inputs USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE workflow_steps ENABLE ROW LEVEL SECURITY;
ALTER TABLE workflow_steps FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON workflow_steps USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
