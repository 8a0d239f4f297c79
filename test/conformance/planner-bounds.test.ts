import { describe, expect, test } from '@jest/globals';
import { createDataSubgraph, type SubgraphData } from '../support/federation/data-subgraph.ts';
import { createTestEngine } from '../support/federation/engine.ts';

/** Short operations that would take the planner of Apollo all memory, or minutes. */

const kinds = ['Comet', 'Moon', 'Planet', 'Star'];

const bodies: SubgraphData = {
  sdl: `
    type Query { body: Body }
    interface Body @key(fields: "id") { id: ID! name: String }
    ${kinds.map((kind) => `type ${kind} implements Body @key(fields: "id") { id: ID! name: String }`).join('\n')}
  `,
  query: { body: { __typename: 'Moon', id: '1' } },
  entities: { Body: [{ __typename: 'Moon', id: '1', name: 'Io' }] },
};

/** Knows bodies by their interface only, and for each another one. */
function neighbours(name: string): SubgraphData {
  return {
    sdl: `type Body @key(fields: "id") @interfaceObject { id: ID! ${name}: Body mass: Int @shareable }`,
    entities: { Body: [{ id: '1', [name]: { id: '1', mass: 8 } }] },
  };
}

const engine = createTestEngine([
  createDataSubgraph('bodies', bodies),
  createDataSubgraph('inner', neighbours('inner')),
  createDataSubgraph('outer', neighbours('outer')),
]);

describe('the work of planning one operation', () => {
  test('has a bound, past which the operation is refused before anybody is asked', async () => {
    const nested = engine.run('{ body { inner { outer { inner { outer { mass name } name } name } name } } }');
    await expect(nested).rejects.toMatchObject({
      code: 'OPERATION_LIMIT_EXCEEDED',
      extensions: { limit: 'paths', value: expect.any(Number) },
    });
  });

  test('does not refuse what is a few interface objects deep', async () => {
    const { data } = await engine.run('{ body { inner { outer { mass name } } } }');
    expect(JSON.parse(JSON.stringify(data))).toEqual({ body: { inner: { outer: { mass: 8, name: 'Io' } } } });
  });
});
