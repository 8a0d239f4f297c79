import { defaultFieldResolver, type GraphQLObjectType, type GraphQLSchema, isObjectType } from 'graphql';
import type { Connection } from '../../../kernel/subgraph/connection.ts';
import { hashedChance } from './seeded-random.ts';

/** What goes wrong. Decided by the seed and the record alone, so that it goes wrong alike in every gateway. */
export interface Chaos {
  seed: number;
  /** How many of 100 fields throw, and how many of the others are null. */
  throwing: number;
  nulling: number;
  /** Subgraphs that answer nothing. */
  dead: ReadonlySet<string>;
}

export function createChaos(): Chaos {
  return { seed: 0, throwing: 0, nulling: 0, dead: new Set() };
}

/** Lets the fields of a subgraph's schema throw and be null as the chaos says at the time. */
export function addChaos(schema: GraphQLSchema, chaos: Chaos): void {
  for (const type of Object.values(schema.getTypeMap())) {
    if (isObjectType(type) && !type.name.startsWith('_')) addChaosToType(type, chaos);
  }
}

function addChaosToType(type: GraphQLObjectType, chaos: Chaos): void {
  for (const field of Object.values(type.getFields())) {
    if (field.name.startsWith('_')) continue;
    const resolve = field.resolve ?? defaultFieldResolver;
    field.resolve = (source, args, context, info) => {
      const { key = 'root' } = (source ?? {}) as { readonly key?: string };
      const chance = 100 * hashedChance(`${chaos.seed} ${type.name}.${field.name} of ${key}`);
      if (chance < chaos.throwing) throw new Error(`${type.name}.${field.name} failed.`);
      if (chance < chaos.throwing + chaos.nulling) return null;
      return resolve(source, args, context, info);
    };
  }
}

/** Lets a connection reject while its subgraph is dead. */
export function withChaos(name: string, connection: Connection, chaos: Chaos): Connection {
  return async (request) => {
    if (chaos.dead.has(name)) throw new Error(`connect ECONNREFUSED ${name}.internal:4001`);
    return connection(request);
  };
}
