import { once } from 'node:events';
import { afterEach, expect, test } from '@jest/globals';
import { composeSupergraph } from '../../gateway/supergraph/compose.ts';
import { serveAlways } from '../../gateway/supergraph/served-supergraph.ts';
import { defaultStreamLimits } from '../../kernel/config/stream-limits.ts';
import { type AnonymousGateway, openAnonymousGateway } from '../support/federation/anonymous-gateway.ts';
import { createLogSubgraph, type LogSubgraph } from '../support/federation/event-log.ts';
import { openSocket, type SocketClient } from '../support/streams/socket-client.ts';

const document = 'subscription { entries(after: "c0") { ... on EntryBatch { entries { text } } } }';

let log: LogSubgraph;
let gateway: AnonymousGateway;

afterEach(() => gateway.stop());

async function open(limits: Partial<typeof defaultStreamLimits> = {}): Promise<void> {
  log = createLogSubgraph();
  gateway = await openAnonymousGateway(
    serveAlways(
      composeSupergraph([{ name: log.name, url: 'http://log.invalid', sdl: log.sdl }]),
      new Map([[log.name, log.execute]]),
      new Map([[log.name, log.subscribe]]),
    ),
    { streams: { ...defaultStreamLimits, ...limits } },
  );
}

async function openAdmitted(): Promise<SocketClient> {
  const socket = await openSocket(gateway.url);
  await socket.init();
  return socket;
}

/** What the operations of a socket hear next, by their ids: their texts, cut short, and how long these are. */
async function hear({ next }: SocketClient, ids: readonly string[], answers: number) {
  const heard = new Map<string, string[]>(ids.map((id) => [id, []]));
  for (let left = ids.length * answers; left > 0; left -= 1) {
    const { id = '', payload } = await next();
    const { data } = payload as { data: { entries: { entries: readonly [{ text: string }] } } };
    const [{ text }] = data.entries.entries;
    heard.get(id)?.push(`${text.slice(0, 6)} ${text.length}`);
  }
  return heard;
}

test('one answer goes to everybody, to each under the id of its own', async () => {
  await open();
  const counted = Array.from({ length: 20 }, (_, index) => String(index + 1));
  const own = [...counted, 'ä "quoted" \\ id', '🦉', 'x'.repeat(256)];
  const followed = [
    { socket: await openAdmitted(), ids: counted },
    { socket: await openAdmitted(), ids: own.toReversed() },
    { socket: await openAdmitted(), ids: ['1'] },
  ];
  for (const { socket, ids } of followed) for (const id of ids) socket.subscribe(id, document);
  const texts = ['a', 'ü', 'Ω'.repeat(60), 'b'.repeat(17_000), 'c'.repeat(70_000), 'd'.repeat(100)];
  log.append(...texts.map((text, index) => ({ text: `e${index}: ${text}`, author: { id: '1' } })));
  const expected = texts.map((text, index) => `e${index}: ${text}`).map((text) => `${text.slice(0, 6)} ${text.length}`);
  for (const { socket, ids } of followed) {
    const heard = await hear(socket, ids, texts.length);
    expect([...heard]).toEqual(ids.map((id) => [id, expected]));
  }
});

test('many who came together are all asked whether they are there, and who is silent is let go', async () => {
  await open({ pingMs: 240, initWaitMs: 60_000 });
  const asked = Array.from({ length: 60 }, async () => {
    const { ws } = await openSocket(gateway.url);
    await once(ws, 'ping');
  });
  const letGo = Array.from({ length: 30 }, async () => {
    const { closed } = await openSocket(gateway.url, { autoPong: false });
    return (await closed).code;
  });
  await Promise.all(asked);
  expect(new Set(await Promise.all(letGo))).toEqual(new Set([1006]));
});
