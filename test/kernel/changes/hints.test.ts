import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createHints, type HintCarrier, type Hints, openPostgresHints } from '../../../kernel/changes/hints.ts';
import { openNatsHints } from '../../../kernel/changes/nats-hints.ts';
import { parseTenantId } from '../../../kernel/tenancy/ids.ts';
import {
  createTestLog,
  nextBatch,
  note,
  readIds,
  secretOfLog,
  someone,
  type TestLog,
} from '../../support/change-log.ts';
import { eventually } from '../../support/eventually.ts';
import { hasNatsServer, type NatsServer, startNatsServer } from '../../support/nats-server.ts';
import { runStatements } from '../../support/run-statements.ts';

const acme = someone();
const ignore = () => undefined;

let log: TestLog;
beforeAll(async () => {
  log = await createTestLog();
});
afterAll(() => log.stop());

/** Follows in one process what another says that it has written; both look into the log for nothing else. */
async function hearFromAnother(openHints: () => Hints): Promise<void> {
  const writer = log.open({ hints: openHints() });
  const stream = log.open({ hints: openHints() }).follow({ principal: acme, after: null });
  await nextBatch(stream);
  await log.write(note('heard of'));
  // Who begins to listen may not hear yet.
  const seen = readIds(stream, 1);
  let isSeen = false;
  seen.then(() => {
    isSeen = true;
  }, ignore);
  await eventually(() => {
    writer.poke(acme.tenantId);
    return isSeen;
  });
  expect(await seen).toMatchObject({ ids: ['heard of'] });
}

describe('processes tell each other what has changed', () => {
  const open = () => openPostgresHints(log.database.urlFor('feed'), ignore);

  test('by the database', () => hearFromAnother(open));

  test('by the database, also when it was away', async () => {
    const hints = [open(), open()] as const;
    const heard: string[] = [];
    hints[0].listen((tenantId) => heard.push(tenantId));
    const hear = (tenant: string) =>
      eventually(() => {
        hints[1].tell(parseTenantId(tenant));
        return heard.includes(tenant);
      });
    await hear('before');
    await runStatements(
      log.database.ownerUrl,
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'panorama-hints'`,
    );
    await hear('after');
    for (const one of hints) await one.stop();
  });

  test('in texts that the carrier takes, each tenant once, and not to themselves', async () => {
    const texts: string[] = [];
    const listeners: ((text: string) => void)[] = [];
    const carrier: HintCarrier = {
      async send(text) {
        texts.push(text);
        for (const listener of listeners) listener(text);
      },
      listen: (listener) => listeners.push(listener),
      stop: async () => undefined,
    };
    const [one, other] = [createHints(carrier, ignore), createHints(carrier, ignore)];
    const heard: string[] = [];
    one.listen(() => heard.push('an echo'));
    other.listen((tenantId) => heard.push(tenantId));
    const tenants = Array.from({ length: 1_000 }, (_, index) => parseTenantId(`tenant-${index}`));
    for (const tenant of [...tenants, ...tenants]) one.tell(tenant);
    await eventually(() => heard.length >= tenants.length);
    expect(heard).toEqual(tenants);
    expect(Math.max(...texts.map((text) => text.length))).toBeLessThan(8_000);
    for (const hints of [one, other]) await hints.stop();
  });
});

(hasNatsServer ? describe : describe.skip)('processes tell each other by NATS (skipped without nats-server)', () => {
  let server: NatsServer;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());

  const open = (secret = secretOfLog) => openNatsHints({ url: server.url, secret, onFailure: ignore });

  test('what has changed', () => hearFromAnother(open));

  test('and hear nothing of another platform on the same server', async () => {
    const secrets = ['our platform', 'another platform on the same server', 'our platform'] as const;
    const [ours, theirs, listening] = [open(secrets[0]), open(secrets[1]), open(secrets[2])];
    const heard: string[] = [];
    listening.listen((tenantId) => heard.push(tenantId));
    await eventually(() => {
      theirs.tell(parseTenantId('theirs'));
      ours.tell(parseTenantId('ours'));
      return heard.length > 2;
    });
    expect(new Set(heard)).toEqual(new Set(['ours']));
    for (const hints of [ours, theirs, listening]) await hints.stop();
  });

  test('also when the server comes later', async () => {
    let isThere = false;
    const place = createServer((socket) => {
      socket.on('error', ignore);
      if (!isThere) return socket.destroy();
      const upstream = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', ignore);
      return socket.pipe(upstream).pipe(socket);
    });
    await once(place.listen(0, '127.0.0.1'), 'listening');
    const url = `nats://127.0.0.1:${(place.address() as AddressInfo).port}`;
    let failures = 0;
    const onFailure = () => {
      failures += 1;
    };
    const [teller, listening] = [1, 2].map(() => openNatsHints({ url, secret: secretOfLog, onFailure }));
    const heard: string[] = [];
    listening?.listen((tenantId) => heard.push(tenantId));
    await eventually(() => failures > 0);
    isThere = true;
    await eventually(() => {
      teller?.tell(acme.tenantId);
      return heard.includes('acme');
    });
    for (const hints of [teller, listening]) await hints?.stop();
    place.close();
  });
});
