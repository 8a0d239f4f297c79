import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { makeDemoTenants } from '../../../cli/demo/tenants.ts';
import { security } from '../../../subgraphs/security/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { runStatements } from '../../support/run-statements.ts';

interface Payload {
  readonly incident: Readonly<Record<string, unknown>> & { readonly id: string };
  readonly userErrors: readonly { readonly field: string; readonly message: string; readonly code: string }[];
}

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(security);
});
afterAll(() => app.stop());

const fields = `id type severity status description affectedApps affectedCustomerIds reportedBy sourceApp
  acknowledgedBy resolvedBy resolution version viewerCan { acknowledge resolve }`;

/** Sends one of the three mutations; `Report` is `reportIncident`. */
async function send(verb: 'report' | 'acknowledge' | 'resolve', input: object, caller: TestCaller = {}) {
  const type = `${verb[0]?.toUpperCase()}${verb.slice(1)}IncidentInput`;
  const { data, errors } = await app.execute<Record<string, Payload>>(
    `mutation ($input: ${type}!) {
      ${verb}Incident(input: $input) { incident { ${fields} } userErrors { field message code } }
    }`,
    { input },
    caller,
  );
  return { payload: data?.[`${verb}Incident`], errors };
}

const breach = { type: 'data_breach', severity: 'HIGH', description: 'A list of customers went astray' };

async function report(input: object = {}, caller: TestCaller = {}): Promise<Payload['incident']> {
  const { payload } = await send('report', { ...breach, ...input }, caller);
  expect(payload?.userErrors).toEqual([]);
  return payload?.incident as Payload['incident'];
}

const officer = { permissions: ['write:incidents'], userId: 'usr_officer', app: 'secure-platform' };

describe('an incident', () => {
  test('is reported with the one permission that this needs, and told at once as critical', async () => {
    const feed = await app.subscribe<{ incidentReported: { changes: readonly object[] } }>(
      `subscription { incidentReported { ... on IncidentChange { changes { type priority entityId actor data } } } }`,
      {},
      { permissions: ['read:incidents'], tenant: 'alarmed' },
    );
    await feed.next();
    const named = { affectedApps: ['crm', 'crm'], affectedCustomerIds: ['cus_1'] };
    const incident = await report(named, { ...officer, tenant: 'alarmed' });
    expect(incident).toMatchObject({
      ...breach,
      status: 'REPORTED',
      affectedApps: ['crm'],
      affectedCustomerIds: ['cus_1'],
      reportedBy: 'usr_officer',
      sourceApp: 'secure-platform',
      version: 1,
      viewerCan: { acknowledge: true, resolve: false },
    });
    let { changes } = (await feed.next()).incidentReported;
    while (changes.length === 0) ({ changes } = (await feed.next()).incidentReported);
    expect(changes).toMatchObject([
      {
        type: 'SECURITY_INCIDENT',
        priority: 'CRITICAL',
        entityId: incident.id,
        actor: 'usr_officer',
        data: { ...breach, status: 'REPORTED', affectedCustomerIds: ['cus_1'] },
      },
    ]);
    await feed.return();
  });

  test('is acknowledged, then resolved, and takes no other way', async () => {
    const { id } = await report();
    const early = await send('resolve', { id, resolution: 'Found' });
    expect(early.payload).toEqual({
      incident: null,
      userErrors: [
        {
          field: 'id',
          code: 'CONFLICT',
          message:
            'The incident is REPORTED, and only one that is ACKNOWLEDGED can be resolved; it can be acknowledged.',
        },
      ],
    });
    const stale = await send('acknowledge', { id, baseVersion: 7 });
    expect(stale.payload?.userErrors).toMatchObject([{ field: 'baseVersion', code: 'CONFLICT' }]);
    const acknowledged = await send('acknowledge', { id, baseVersion: 1 }, officer);
    expect(acknowledged.payload?.incident).toMatchObject({
      status: 'ACKNOWLEDGED',
      acknowledgedBy: 'usr_officer',
      version: 2,
      viewerCan: { acknowledge: false, resolve: true },
    });
    expect((await send('acknowledge', { id })).payload?.userErrors).toMatchObject([{ code: 'CONFLICT' }]);
    const resolved = await send('resolve', { id, resolution: 'Found' }, officer);
    expect(resolved.payload?.incident).toMatchObject({
      status: 'RESOLVED',
      resolvedBy: 'usr_officer',
      resolution: 'Found',
      version: 3,
      viewerCan: { acknowledge: false, resolve: false },
    });
    for (const verb of ['acknowledge', 'resolve'] as const) {
      const { payload } = await send(verb, { id, ...(verb === 'resolve' && { resolution: 'Again' }) });
      expect(payload?.userErrors).toMatchObject([{ code: 'CONFLICT', message: expect.stringContaining('RESOLVED') }]);
    }
  });

  test('is acknowledged by one of two who do so at the same time', async () => {
    const { id } = await report();
    const both = await Promise.all(['ada', 'bo'].map((userId) => send('acknowledge', { id }, { userId })));
    expect(both.map(({ payload }) => payload?.userErrors.length).sort()).toEqual([0, 1]);
  });

  test('does not exist for another tenant', async () => {
    const { id } = await report();
    const foreign = { tenant: 'globex' };
    for (const verb of ['acknowledge', 'resolve'] as const) {
      const { payload } = await send(verb, { id, ...(verb === 'resolve' && { resolution: 'Mine' }) }, foreign);
      expect(payload?.userErrors).toMatchObject([{ field: 'id', code: 'NOT_FOUND' }]);
    }
    const { data } = await app.execute('query ($id: ID!) { incident(id: $id) { id } }', { id }, foreign);
    expect(data).toEqual({ incident: null });
  });

  test.each([
    ['a type of two words', { type: 'data breach' }, 'type'],
    ['an empty type', { type: '' }, 'type'],
    ['an empty description', { description: ' ' }, 'description'],
    ['a long description', { description: 'x'.repeat(4_001) }, 'description'],
    ['an app that can be none', { affectedApps: ['No App'] }, 'affectedApps.0'],
    [
      '101 customers',
      { affectedCustomerIds: Array.from({ length: 101 }, (_, n) => `cus_${n}`) },
      'affectedCustomerIds',
    ],
    ['an id that is none', { id: '<id>' }, 'id'],
  ])('is refused with %s', async (_what, wrong, field) => {
    const { payload } = await send('report', { ...breach, ...wrong });
    expect(payload).toMatchObject({ incident: null, userErrors: [{ field, code: 'BAD_USER_INPUT' }] });
  });

  test('needs its permissions, and a new id', async () => {
    const id = (await report()).id;
    expect((await send('report', { ...breach, id })).payload?.userErrors).toMatchObject([
      { field: 'id', code: 'CONFLICT' },
    ]);
    for (const verb of ['report', 'acknowledge'] as const) {
      const input = verb === 'report' ? breach : { id };
      const { errors } = await send(verb, input, { permissions: ['read:security', 'read:incidents'] });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', permission: 'write:incidents' } }]);
    }
    for (const text of ['{ incidents { totalCount } }', `{ incident(id: "${id}") { id } }`]) {
      const { errors } = await app.execute(text, {}, officer);
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
  });
});

describe('the incidents of a tenant', () => {
  const tenant = 'listed';

  beforeAll(async () => {
    await report({ id: 'i1', type: 'phishing', severity: 'LOW', description: 'Letters to THE staff' }, { tenant });
    await report({ id: 'i2', severity: 'CRITICAL', description: '100% of the keys' }, { tenant });
    await report({ id: 'i3', severity: 'MEDIUM', description: 'A lost phone' }, { tenant });
    await send('acknowledge', { id: 'i2' }, { tenant });
  });

  async function list(args: object): Promise<string> {
    const { data } = await app.execute<{ incidents: { nodes: readonly { id: string }[]; totalCount: number } }>(
      `query ($search: String, $filter: IncidentFilter, $orderBy: IncidentOrder, $first: Int) {
        incidents(search: $search, filter: $filter, orderBy: $orderBy, first: $first) { totalCount nodes { id } }
      }`,
      { ...args },
      { tenant, permissions: ['read:incidents'] },
    );
    return data.incidents.nodes.map(({ id }) => id).join(' ');
  }

  test.each([
    [{ orderBy: { field: 'SEVERITY' } }, 'i2 i3 i1'],
    [{ orderBy: { field: 'SEVERITY', direction: 'ASC' }, first: 2 }, 'i1 i3'],
    [{ orderBy: { field: 'UPDATED_AT', direction: 'DESC' }, first: 1 }, 'i2'],
    [{ search: 'staff the' }, 'i1'],
    [{ search: 'phishing' }, 'i1'],
    [{ search: '0% of' }, 'i2'],
    [{ search: '%' }, 'i2'],
    [{ filter: { severities: ['LOW', 'MEDIUM'] }, orderBy: { field: 'SEVERITY' } }, 'i3 i1'],
    [{ filter: { statuses: ['ACKNOWLEDGED'] } }, 'i2'],
    [{ filter: { types: ['phishing'], statuses: ['RESOLVED'] } }, ''],
    [{ filter: { reportedTo: '2020-01-01T00:00:00Z' } }, ''],
  ])('are found by %j', async (args, ids) => {
    expect(await list(args)).toBe(ids);
  });

  test('are entities, which other apps may name', async () => {
    const { data } = await app.execute(
      `query ($of: [_Any!]!) { _entities(representations: $of) { ... on Incident { id severity } } }`,
      { of: [{ __typename: 'Incident', id: 'i2' }] },
      { tenant, permissions: ['read:security'] },
    );
    expect(data).toEqual({ _entities: [{ id: 'i2', severity: 'CRITICAL' }] });
  });
});

describe('the risk of a tenant', () => {
  const tenant = 'risky';
  const query = `query ($from: DateTime, $to: DateTime, $timeZone: String!) {
    riskMetrics(from: $from, to: $to, timeZone: $timeZone) {
      riskScore openIncidents openBySeverity { severity count } meanSecondsToAcknowledge meanSecondsToResolve
      days { date reported acknowledged resolved open }
    }
  }`;

  beforeAll(async () => {
    const columns =
      'tenant_id, id, type, severity, status, description, reported_by, source_app, search_key, reported_at, acknowledged_at, resolved_at';
    const rest = "'d', 'k', 'a', 's'";
    await runStatements(
      app.database.ownerUrl,
      `INSERT INTO security.incidents (${columns}) VALUES
        ('risky', 'a', 't', 'LOW', 'REPORTED', ${rest}, '2026-01-01T00:00:00Z', NULL, NULL),
        ('risky', 'b', 't', 'CRITICAL', 'ACKNOWLEDGED', ${rest}, '2026-03-10T22:30:00Z', '2026-03-10T22:40:00Z', NULL),
        ('risky', 'c', 't', 'HIGH', 'RESOLVED', ${rest}, '2026-03-10T23:30:00Z', '2026-03-10T23:50:00Z', '2026-03-11T23:30:00Z'),
        ('other', 'c', 't', 'CRITICAL', 'REPORTED', ${rest}, '2026-03-10T23:30:00Z', NULL, NULL)`,
    );
  });

  const range = { from: '2026-03-09T23:00:00Z', to: '2026-03-12T23:00:00Z' };

  test('follows from what is open, with the days of a time zone', async () => {
    const caller = { tenant, permissions: ['read:metrics'] };
    const { data } = await app.execute(query, { ...range, timeZone: 'Europe/Copenhagen' }, caller);
    expect(data).toEqual({
      riskMetrics: {
        // 100 x (1 - 0.95 x 0.7)
        riskScore: 33.5,
        openIncidents: 2,
        openBySeverity: [
          { severity: 'CRITICAL', count: 1 },
          { severity: 'HIGH', count: 0 },
          { severity: 'MEDIUM', count: 0 },
          { severity: 'LOW', count: 1 },
        ],
        meanSecondsToAcknowledge: 900,
        meanSecondsToResolve: 86_400,
        days: [
          { date: '2026-03-10', reported: 1, acknowledged: 1, resolved: 0, open: 2 },
          { date: '2026-03-11', reported: 1, acknowledged: 1, resolved: 0, open: 3 },
          { date: '2026-03-12', reported: 0, acknowledged: 0, resolved: 1, open: 2 },
        ],
      },
    });
  });

  test('is nothing where nothing was reported', async () => {
    const { data } = await app.execute<{ riskMetrics: { days: readonly object[] } }>(
      query,
      { timeZone: 'UTC' },
      { tenant: 'calm' },
    );
    expect(data.riskMetrics).toMatchObject({ riskScore: 0, openIncidents: 0, meanSecondsToAcknowledge: null });
    expect(data.riskMetrics.days.length).toBeGreaterThanOrEqual(30);
  });

  test.each([
    [{ timeZone: 'Mars/Olympus' }, 'BAD_USER_INPUT'],
    [{ timeZone: '+02:00' }, 'BAD_USER_INPUT'],
    [{ timeZone: 'UTC', from: range.to, to: range.from }, 'BAD_USER_INPUT'],
    [{ timeZone: 'UTC', from: '2020-01-01T00:00:00Z', to: range.to }, 'OPERATION_LIMIT_EXCEEDED'],
  ])('is refused for %j', async (variables, code) => {
    expect((await app.execute(query, variables)).errors).toMatchObject([{ extensions: { code } }]);
  });
});

test('demo tenants have incidents in every state, once', async () => {
  const acme = makeDemoTenants('a secret for the demo').find(({ id }) => id === 'acme');
  if (!acme) throw new Error('There is no demo tenant acme.');
  const tenant = { ...acme, id: 'demo-inc' as typeof acme.id };
  await app.insertDemo(tenant);
  await app.insertDemo(tenant);
  const { data } = await app.execute<{ incidents: { nodes: readonly { status: string; version: number }[] } }>(
    '{ incidents(orderBy: { field: REPORTED_AT, direction: ASC }) { nodes { status version } } }',
    {},
    { tenant: 'demo-inc' },
  );
  expect(data.incidents.nodes).toEqual([
    { status: 'RESOLVED', version: 3 },
    { status: 'RESOLVED', version: 3 },
    { status: 'RESOLVED', version: 3 },
    { status: 'ACKNOWLEDGED', version: 2 },
    { status: 'REPORTED', version: 1 },
  ]);
});
