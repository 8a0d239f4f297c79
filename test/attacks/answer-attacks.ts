import type { RequestListener } from 'node:http';
import { expect } from '@jest/globals';
import type { Attack } from './attack.ts';
import { checkAfter, checkBody, lookBefore } from './check-answer.ts';
import type { FederationScene } from './federation-scene.ts';
import { ask, credentialsOf, send } from './send.ts';

type AnswerAttack = Attack<FederationScene>;

const lead = 'lea_acme_0001_1';
const query = `{ lead(id:"${lead}") { id contact { firstName } } viewer { app } }`;
const inside = [/https?:\/\//, /ECONN/, /"10\./, /stack/, /node_modules/, /statusText/, /<html/];

/** A subgraph that answers like this costs its own fields, and no more. */
function answered(
  id: `FED-${string}`,
  name: string,
  listener: RequestListener,
  hides: readonly RegExp[] = [],
): AnswerAttack {
  return {
    id,
    name: `a subgraph that answers with ${name}`,
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.answerWith(listener);
      try {
        const { status, data, errors, text } = await ask(scene.url, { query }, credentialsOf(scene.stand, 'admin'));
        expect([status, data]).toEqual([200, { lead: null, viewer: { app: 'crm-web' } }]);
        expect(errors?.length).toBeGreaterThan(0);
        expect(['SUBGRAPH_UNAVAILABLE', 'INTERNAL']).toContain(errors?.[0]?.extensions.code);
        for (const pattern of [...inside, ...hides]) expect(text).not.toMatch(pattern);
        checkBody(text);
      } finally {
        scene.answerWith();
      }
      await checkAfter(scene.stand, before);
    },
  };
}

const json =
  (body: string, status = 200, headers: Readonly<Record<string, string>> = {}): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);

const secretError = JSON.stringify({
  data: null,
  errors: [
    {
      message: 'duplicate key value violates unique constraint "leads_tenant_email"',
      extensions: { code: 'INTERNAL_SERVER_ERROR', sql: 'select * from api_keys', stacktrace: ['x'] },
    },
  ],
});

/** What a subgraph can answer: it costs its own fields, and no more. */
export const answerAttacks: readonly AnswerAttack[] = [
  answered('FED-037', 'a closed connection', (request) => void request.socket.destroy()),
  {
    id: 'FED-039',
    name: 'a subgraph whose answer never comes to its end',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const url = await scene.openGateway(300);
      scene.answerWith((_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.write('{"data":');
      });
      try {
        const { status, data, errors } = await ask(url, { query }, credentialsOf(scene.stand, 'admin'));
        expect([status, data]).toEqual([200, { lead: null, viewer: { app: 'crm-web' } }]);
        expect(errors?.[0]?.extensions).toEqual({ code: 'SUBGRAPH_UNAVAILABLE', app: 'crm' });
      } finally {
        scene.answerWith();
      }
      await checkAfter(scene.stand, before);
    },
  },
  answered('FED-041', 'a plain text', (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).end('ok');
  }),
  answered('FED-043', 'JSON that is no answer', json('null')),
  answered('FED-045', 'an error that says what it must not', json(secretError), [
    /select \*/,
    /api_keys/,
    /stacktrace/,
    /constraint/,
  ]),
  {
    id: 'FED-047',
    name: 'a subgraph that answers with an object of another type, and with more than was asked',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.answerWith(
        json('{"data":{"lead":{"__typename":"ApiKey","secret":"x","id":null,"contact":{"secret":"y"}}}}'),
      );
      try {
        const { status, data, text } = await ask(scene.url, { query }, credentialsOf(scene.stand, 'admin'));
        expect([status, data?.viewer]).toEqual([200, { app: 'crm-web' }]);
        expect(text).not.toContain('secret');
      } finally {
        scene.answerWith();
      }
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-049',
    name: 'a subgraph that sends the gateway elsewhere, with its token',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.answerWith(json('', 307, { location: `${scene.stand.trap.url}/steal` }));
      try {
        const { status, data, errors } = await ask(scene.url, { query }, credentialsOf(scene.stand, 'admin'));
        expect([status, data]).toEqual([200, { lead: null, viewer: { app: 'crm-web' } }]);
        expect(errors?.[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE');
      } finally {
        scene.answerWith();
      }
      // `checkAfter` sees that nobody came to the trap.
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-051',
    name: 'a mutation that fails, which is not sent again',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      scene.seen.length = 0;
      scene.answerWith(json('{}', 503));
      const change = `mutation { updateLead(input:{id:"${lead}",note:"once"}) { userErrors { code } } }`;
      try {
        const { errors } = await ask(scene.url, { query: change }, credentialsOf(scene.stand, 'admin'));
        expect(errors?.[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE');
        expect(scene.seen).toHaveLength(1);
      } finally {
        scene.answerWith();
      }
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-053',
    name: 'a subgraph that lets everyone keep its answers',
    run: async (scene) => {
      const before = await lookBefore(scene.stand);
      const body = `{"data":{"lead":{"id":"${lead}","contact":{"firstName":"Ada"}}}}`;
      scene.answerWith(json(body, 200, { 'cache-control': 'public, max-age=3600' }));
      try {
        const headers = credentialsOf(scene.stand, 'admin');
        const answer = await send(scene.url, { headers, body: { query } });
        expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      } finally {
        scene.answerWith();
      }
      await checkAfter(scene.stand, before);
    },
  },
  {
    id: 'FED-055',
    name: 'a supergraph that is exchanged under load',
    provenBy: [
      [
        'test/gateway/gateway-command.test.ts',
        'serves another supergraph once the file has changed, and no request fails meanwhile',
      ],
    ],
  },
];
