-- Jobs of queues. A process that looks for something to do does not know whose it is; what it finds then says nothing of a
-- person: what a job is about is in a table of its own.

CREATE TABLE queue_jobs (
  tenant_id text NOT NULL,
  id text NOT NULL,
  queue text NOT NULL CHECK (length(queue) BETWEEN 1 AND 64),
  type text NOT NULL CHECK (length(type) BETWEEN 1 AND 64),
  -- Whoever queues it again under the same key gets the same job.
  key text CHECK (length(key) BETWEEN 1 AND 200),
  status text NOT NULL CHECK (status IN ('QUEUED', 'RUNNING', 'RETRYING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
  -- 0 goes before 1 and that before 2, among the jobs of a tenant in a queue.
  priority smallint NOT NULL CHECK (priority BETWEEN 0 AND 2),
  attempts integer NOT NULL DEFAULT 0,
  -- How often it was taken by a process, and how often one has ended before it was done with it.
  claims integer NOT NULL DEFAULT 0,
  losses integer NOT NULL DEFAULT 0,
  -- When it is due; of one that runs, when its process is taken to have ended.
  next_at timestamptz(3) NOT NULL DEFAULT now(),
  result jsonb,
  error_code text,
  error_message text,
  queued_by text NOT NULL,
  source_app text NOT NULL,
  correlation_id text,
  -- The event that it follows from.
  causation_id text,
  created_at timestamptz(3) NOT NULL DEFAULT now(),
  started_at timestamptz(3),
  ended_at timestamptz(3) CHECK ((ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))),
  version integer NOT NULL DEFAULT 1,
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX queue_jobs_key ON queue_jobs (tenant_id, queue, key) WHERE key IS NOT NULL;
CREATE INDEX queue_jobs_created_at ON queue_jobs (tenant_id, created_at, id);
CREATE INDEX queue_jobs_open ON queue_jobs (tenant_id, queue, priority, next_at, id)
  WHERE status IN ('QUEUED', 'RETRYING', 'RUNNING');
CREATE INDEX queue_jobs_failed ON queue_jobs (tenant_id, queue, ended_at) WHERE status = 'FAILED';
CREATE INDEX queue_jobs_ended ON queue_jobs (ended_at) WHERE ended_at IS NOT NULL;

-- What a job is about. It may say something of a person, so it is gone once the job is done.
CREATE TABLE queue_job_data (
  tenant_id text NOT NULL,
  job_id text NOT NULL,
  data jsonb NOT NULL,
  PRIMARY KEY (tenant_id, job_id),
  CONSTRAINT queue_job_data_job FOREIGN KEY (tenant_id, job_id) REFERENCES queue_jobs (tenant_id, id) ON DELETE CASCADE
);

-- How many jobs have ended, also those that are no longer kept.
CREATE TABLE queue_totals (
  tenant_id text NOT NULL,
  queue text NOT NULL,
  succeeded bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, queue)
);

-- The queues of all tenants in which something is due. However much waits, it goes from place to place in the index, and reads
-- one entry of each. The settings keep it from reading all of a flood of which the statistics know nothing yet.
CREATE FUNCTION places_with_due_jobs() RETURNS TABLE (tenant text, queue text) LANGUAGE sql STABLE
  SET enable_sort = off SET enable_bitmapscan = off SET enable_seqscan = off AS $$
  WITH RECURSIVE place AS (
    (SELECT tenant_id, queue FROM queue_jobs
     WHERE status IN ('QUEUED', 'RETRYING', 'RUNNING') ORDER BY tenant_id, queue LIMIT 1)
    UNION ALL
    SELECT next.tenant_id, next.queue FROM place CROSS JOIN LATERAL (
      SELECT tenant_id, queue FROM queue_jobs
      WHERE status IN ('QUEUED', 'RETRYING', 'RUNNING') AND (tenant_id, queue) > (place.tenant_id, place.queue)
      ORDER BY tenant_id, queue LIMIT 1) next)
  SELECT place.tenant_id, place.queue FROM place CROSS JOIN LATERAL (
    SELECT FROM queue_jobs j
    WHERE status IN ('QUEUED', 'RETRYING', 'RUNNING') AND j.tenant_id = place.tenant_id AND j.queue = place.queue
      AND priority IN (0, 1, 2) AND next_at <= now() LIMIT 1) due
$$;

ALTER TABLE queue_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_jobs FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queue_jobs USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
CREATE POLICY open ON queue_jobs FOR SELECT USING (
  status IN ('QUEUED', 'RETRYING', 'RUNNING') AND current_setting('panorama.queue_jobs', true) = 'open');
CREATE POLICY past ON queue_jobs FOR SELECT USING (
  ended_at < now() - interval '7 days' AND current_setting('panorama.queue_jobs', true) = 'past');

ALTER TABLE queue_job_data ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_job_data FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queue_job_data USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));

ALTER TABLE queue_totals ENABLE ROW LEVEL SECURITY;
ALTER TABLE queue_totals FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON queue_totals USING (tenant_id = nullif(current_setting('panorama.tenant_id', true), ''));
CREATE POLICY sum ON queue_totals FOR SELECT USING (current_setting('panorama.queue_totals', true) = 'sum');
