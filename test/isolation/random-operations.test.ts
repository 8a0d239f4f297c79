import { randomInt } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { type SeededRandom, seededRandom } from '../support/federation/seeded-random.ts';
import { makeEntityRead, sendEntityRead } from './entities.ts';
import { beginLane, type Lane } from './lane.ts';
import { dealReadDocuments, type Ids, makeRead, sendRead } from './reads.ts';
import { startSuiteOfTwo } from './suite-of-two.ts';
import { dealWriteDocuments, learnRefusals, makeWrite, sendWrite } from './writes.ts';

/*
 * Two tenants work at the same time, with the same ids, e-mail addresses, usernames, domains and folders, through the
 * same documents. Every value that one of them has holds its id; an operation is a root field, or an entity, whose value
 * is compared with what this tenant alone has done. `npm run test:isolation` sends 100,000 with a seed of its own.
 */
const wanted = Number(process.env.ISOLATION_COUNT ?? 10_000);
const seed = Number(process.env.ISOLATION_SEED ?? (process.env.ISOLATION_COUNT ? randomInt(2 ** 31) : 4));

const fieldsOfQuery = 20;
const fieldsOfMutation = 6;
const entitiesOfCall = 20;

/** The ids that both tenants use. */
const sharedIds = 24;

/** What is done in one round; all of it is drawn before the first answer, so that a seed always does the same. */
type Step = (lane: Lane) => Promise<void>;

function idsFor(random: SeededRandom, lanes: readonly Lane[]): Ids {
  return () => {
    const made = random.pick(lanes).madeIds;
    return made.length > 0 && random.chance(0.2) ? random.pick(made) : `k${random.below(sharedIds)}`;
  };
}

/** Draws the rounds of both tenants. Every second time both send the same queries at once, one of them twice. */
function drawRounds(random: SeededRandom, lanes: readonly Lane[]) {
  const queries = dealReadDocuments(random, 6, fieldsOfQuery);
  const mutations = dealWriteDocuments(random, 8, fieldsOfMutation);
  const ids = idsFor(random, lanes);
  let serial = 0;
  const drawRead = () => makeRead(random, random.pick(queries), ids, lanes);

  function drawShared(): { readonly steps: readonly Step[]; readonly operations: number } {
    const reads = [drawRead(), drawRead()];
    const step: Step = async (lane) => {
      await Promise.all([...reads, ...reads.slice(1)].map((read) => sendRead(lane, read)));
    };
    // What is sent twice counts once.
    return { steps: lanes.map(() => step), operations: lanes.length * reads.length * fieldsOfQuery };
  }

  function drawOwn(): { readonly steps: readonly Step[]; readonly operations: number } {
    let operations = 0;
    const steps = lanes.map(({ id }): Step => {
      const label = () => `${id} ${++serial}`;
      const writes = Array.from({ length: random.below(4) }, () =>
        makeWrite(random, random.pick(mutations), ids, label),
      );
      const reads = [drawRead(), drawRead()];
      const entities = makeEntityRead(random, entitiesOfCall, ids);
      operations += writes.length * fieldsOfMutation + reads.length * fieldsOfQuery + entitiesOfCall;
      return async (lane) => {
        for (const write of writes) await sendWrite(lane, write);
        await Promise.all([...reads.map((read) => sendRead(lane, read)), sendEntityRead(lane, entities)]);
      };
    });
    return { steps, operations };
  }

  return () => (random.chance(0.5) ? drawShared() : drawOwn());
}

test(`${wanted} operations of two tenants at once give neither anything of the other (seed ${seed})`, async () => {
  const suite = await startSuiteOfTwo();
  try {
    const [one, other] = suite.tenants;
    const lanes = [beginLane(one, other.id), beginLane(other, one.id)];
    await Promise.all(lanes.map(learnRefusals));
    const drawRound = drawRounds(seededRandom(seed), lanes);
    let operations = 0;
    while (operations < wanted) {
      const round = drawRound();
      await Promise.all(lanes.map((lane, index) => round.steps[index]?.(lane)));
      operations += round.operations;
    }
    // So many leave no kind untried.
    if (wanted < 10_000) return;
    for (const { records } of lanes) for (const own of records.values()) expect(own.size).toBeGreaterThan(0);
  } finally {
    await suite.stop();
  }
}, 3_600_000);
