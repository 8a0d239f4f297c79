import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { crm } from '../../../subgraphs/crm/index.ts';
import { startTestApp, type TestApp, type TestCaller } from '../../support/app.ts';
import { publishedBy } from '../../support/published-changes.ts';
import { createIn, type Refused, sendTo } from './arrange.ts';

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp(crm);
});
afterAll(() => app.stop());

interface Synced extends Refused {
  readonly results: readonly {
    readonly index: number;
    readonly messageId: string | null;
    readonly status: string;
    readonly direction: string | null;
    readonly contactIds: readonly string[];
    readonly activityId: string | null;
    readonly reason: string | null;
  }[];
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
}

/** What the permission matrix gives to the inbox. */
const inbox: TestCaller = { app: 'inbox-ai', permissions: ['read:contacts', 'write:contacts', 'sync:emails'] };
const selection = `results { index messageId status direction contactIds activityId reason } created updated unchanged`;

const sync = (messages: readonly object[], ownAddresses: readonly string[] = [], caller = inbox): Promise<Synced> =>
  sendTo<Synced>(app, 'syncContacts', { messages, ownAddresses }, selection, caller);

const statuses = ({ results }: Synced) => results.map(({ status }) => status);

async function readContacts(ids: readonly string[]) {
  const names = 'firstName lastName email source';
  const { data } = await app.execute<Record<string, object>>(
    `{ ${ids.map((id, index) => `c${index}: contact(id: "${id}") { ${names} }`).join(' ')} }`,
  );
  return Object.values(data);
}

const raw = (lines: readonly string[]) => ({ raw: lines.join('\r\n') });

describe('syncContacts', () => {
  test('makes a contact and an activity of a message, and nothing of the same message again', async () => {
    const message = {
      messageId: '<first@example.com>',
      from: 'Ada Byron <Ada@Example.com>',
      to: ['sales@acme.test'],
      subject: 'About the engine',
      date: '2026-11-20T09:30:00Z',
      text: 'Dear all',
    };
    let answer = await sync([message]);
    const [result] = answer.results;
    expect(answer).toMatchObject({ created: 1, updated: 0, unchanged: 0, userErrors: [] });
    expect(result).toMatchObject({ index: 0, messageId: 'first@example.com', status: 'SYNCED', direction: 'INBOUND' });
    expect(await readContacts(result?.contactIds ?? [])).toEqual([
      { firstName: 'Ada', lastName: 'Byron', email: 'ada@example.com', source: 'inbox' },
    ]);
    const { data } = await app.execute(
      `{ activity(id: "${result?.activityId}") { type subject description entityType entityId completedAt } }`,
    );
    expect(data).toEqual({
      activity: {
        type: 'EMAIL',
        subject: 'About the engine',
        description: 'Received.',
        entityType: 'CONTACT',
        entityId: result?.contactIds[0],
        completedAt: '2026-11-20T09:30:00.000Z',
      },
    });
    const changes = await publishedBy(app, async () => {
      answer = await sync([message, message]);
    });
    expect(changes).toEqual([]);
    expect(answer).toMatchObject({ created: 0, updated: 0, unchanged: 2 });
    expect(answer.results.map(({ index, ...rest }) => rest)).toEqual(
      [1, 2].map(() => ({ ...result, index: undefined, status: 'UNCHANGED' })).map(({ index, ...rest }) => rest),
    );
  });

  test('reads the header of a message as it was sent: encoded, folded, with groups, and whatever follows', async () => {
    const changes = await publishedBy(app, async () => {
      const answer = await sync(
        [
          raw([
            'Message-ID: <raw@example.com>',
            'From: =?utf-8?Q?J=C3=B8rgen_S=C3=B8rensen?= <jorgen@example.dk>',
            'To: Team: "Hopper, Grace" <grace@example.org>,',
            ' =?iso-8859-1?B?5g==?= <ae@example.org>; , us@acme.test',
            'Subject: =?utf-8?B?TcO4ZGU=?=',
            'Date: Fri, 20 Nov 2026 10:00:00 +0100',
            'Content-Type: multipart/mixed; boundary=x',
            '',
            '--x',
            'From: Mallory <mallory@example.com>',
          ]),
        ],
        ['@acme.test'],
      );
      expect(statuses(answer)).toEqual(['SYNCED']);
      expect(await readContacts(answer.results[0]?.contactIds ?? [])).toMatchObject([
        { firstName: 'Jørgen', lastName: 'Sørensen', email: 'jorgen@example.dk' },
        { firstName: 'Grace', lastName: 'Hopper', email: 'grace@example.org' },
        { firstName: 'æ', lastName: 'example.org', email: 'ae@example.org' },
      ]);
    });
    expect(changes.map(({ type }) => type)).toEqual([
      ...['CONTACT_CREATED', 'CONTACT_CREATED', 'CONTACT_CREATED', 'ACTIVITY_CREATED'],
    ]);
    expect(changes[3]?.data).toMatchObject({ subject: 'Møde', completedAt: '2026-11-20T09:00:00.000Z' });
  });

  test('knows which way a message went, and makes no contact of its owner, of machines or of a crowd', async () => {
    const crowd = Array.from({ length: 3_000 }, (_, place) => `p${place}@example.net`);
    const own = ['me@acme.test', '@acme.example'];
    const answer = await sync(
      [
        { from: 'Me <ME@acme.test>', to: ['Joan Clarke <joan@example.com>', 'you@acme.example'], subject: 'Out' },
        { from: 'me@acme.test', to: ['you@acme.example'] },
        { from: 'No Reply <no-reply@shop.example>', to: ['me@acme.test'] },
        raw(['From: list@example.com', 'To: me@acme.test', 'List-Id: <all.example.com>', '', '']),
        raw(['From: a@example.com', 'To: me@acme.test', 'Auto-Submitted: auto-replied', '', '']),
        raw([`From: b@example.com`, `To: ${crowd.slice(0, 2_500).join(',')}`, '', '']),
      ],
      own,
    );
    expect(answer.created).toBe(1);
    expect(statuses(answer)).toEqual(['SYNCED', ...Array(5).fill('SKIPPED')]);
    expect(answer.results[0]).toMatchObject({ direction: 'OUTBOUND', messageId: null });
    expect(answer.results.slice(1).every(({ reason, contactIds }) => reason && contactIds.length === 0)).toBe(true);
    expect(await readContacts(answer.results[0]?.contactIds ?? [])).toMatchObject([{ firstName: 'Joan' }]);
  });

  test('keeps the contacts that are there, and names those that had only an address', async () => {
    const known = await createIn(app, 'Contact', { firstName: 'A.', lastName: 'Turing', email: 'Alan@example.com' });
    const first = await sync([{ from: 'alan@example.com' }, { from: 'mary@example.com', messageId: 'm1' }]);
    expect(first).toMatchObject({ created: 1, updated: 0 });
    expect(first.results[0]?.contactIds).toEqual([known]);
    const changes = await publishedBy(app, async () => {
      const second = await sync([
        { from: 'Alan M. Turing <alan@example.com>', messageId: 'm2' },
        { from: 'Mary Somerville <mary@example.com>', messageId: 'm3' },
      ]);
      expect(second).toMatchObject({ created: 0, updated: 1 });
      expect(await readContacts(second.results.flatMap(({ contactIds }) => contactIds))).toMatchObject([
        { firstName: 'A.', lastName: 'Turing' },
        { firstName: 'Mary', lastName: 'Somerville' },
      ]);
    });
    expect(changes.map(({ type }) => type)).toEqual(['CONTACT_UPDATED', 'ACTIVITY_CREATED', 'ACTIVITY_CREATED']);
  });

  test('names what it cannot read by its place and goes on, whatever it is sent', async () => {
    const long = 'x'.repeat(70_000);
    const answer = await sync([
      { from: 'nobody', subject: 'No address' },
      raw([`X-Long: ${long}`, 'From: long@example.com', '', '']),
      raw(['no header at all']),
      { from: 'later@example.com', date: 'yesterday' },
      { raw: 'From: both@example.com\r\n\r\n', from: 'both@example.com' },
      { from: `${'"'.repeat(30_000)}<many@example.com>` },
      raw([
        'Message-ID: <ok@example.com>',
        'From: =?utf-8?Q?Eve=0D=0ABcc=3A_x=00=E2=80=AE?= <eve@example.com>',
        `Subject: ${'=?utf-8?Q?=41?= '.repeat(2_000)}`,
        'Date: Fri, 31 Feb 0000 99:99:99',
        'Content-Type: multipart/mixed; boundary=a',
        '',
        ...Array.from(
          { length: 2_000 },
          (_, depth) => `--${depth}\r\nContent-Type: multipart/mixed; boundary=${depth + 1}\r\n`,
        ),
      ]),
    ]);
    expect(statuses(answer).slice(0, 5)).toEqual(Array(5).fill('FAILED'));
    expect(answer.results.slice(0, 5).every(({ reason, activityId }) => reason && activityId === null)).toBe(true);
    expect(answer.results[6]).toMatchObject({ index: 6, status: 'SYNCED', messageId: 'ok@example.com' });
    expect(await readContacts(answer.results[6]?.contactIds ?? [])).toMatchObject([
      { firstName: 'Eve Bcc:', lastName: 'x', email: 'eve@example.com' },
    ]);
  });

  test('refuses a batch that is too large, or whose addresses are none, and those who may not sync', async () => {
    const many = Array.from({ length: 101 }, (_, place) => ({ from: `n${place}@example.com` }));
    expect((await sync(many)).userErrors).toMatchObject([{ field: 'messages', code: 'BAD_USER_INPUT' }]);
    expect((await sync([])).userErrors).toMatchObject([{ field: 'messages' }]);
    const heavy = [{ from: 'heavy@example.com', text: 'x'.repeat(1_000_000) }];
    expect((await sync(heavy)).userErrors).toMatchObject([{ field: 'messages' }]);
    expect((await sync([{ from: 'a@example.com' }], ['acme'])).userErrors).toMatchObject([{ field: 'ownAddresses.0' }]);
    const text = 'mutation { syncContacts(input: { messages: [] }) { created } }';
    for (const permissions of [['sync:emails'], ['write:contacts', 'write:activities']]) {
      const { errors } = await app.execute(text, {}, { permissions });
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
    }
  });

  test('makes one activity of a message that comes twice at the same time, and one for each tenant', async () => {
    const batch = Array.from({ length: 8 }, (_, place) => ({ from: `w${place}@example.com`, messageId: `w${place}` }));
    const answers = await Promise.all([sync(batch), sync(batch.toReversed())]);
    const made = answers.flatMap(({ results }) => results).filter(({ status }) => status === 'SYNCED');
    expect([made.length, answers.reduce((sum, { created }) => sum + created, 0)]).toEqual([8, 8]);
    const elsewhere = await sync(batch.slice(0, 1), [], { ...inbox, tenant: 'globex' });
    expect(statuses(elsewhere)).toEqual(['SYNCED']);
  });
});
