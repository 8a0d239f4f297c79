import { parse } from 'graphql';
import type { SubgraphRequest, SubscribingConnection } from '../../../kernel/subgraph/connection.ts';
import { streamOperation } from '../../../kernel/subgraph/stream-operation.ts';
import { createTestSubgraph, type Resolvers, type TestSubgraph } from './subgraph.ts';

/** An entry as the graph shows it. */
export interface LogEntry {
  readonly text: string;
  readonly author: { readonly id: string };
}

/** One opened source: what it was asked, and whether it is still followed. */
export interface OpenedSource {
  readonly request: SubgraphRequest;
  readonly after: string | null;
  isLeft: boolean;
  /** Breaks it off: what it has not told yet it does not tell any more. */
  fail(error: Error): void;
  /** It ends as a source does that has nothing more to tell. */
  finish(): void;
}

/** A subgraph with a log that is followed from a cursor on: entry number n lies between the cursors `c<n>` and `c<n+1>`. */
export interface LogSubgraph extends TestSubgraph {
  readonly sources: readonly OpenedSource[];
  /** How many of them are followed now. */
  readonly followed: number;
  readonly subscribe: SubscribingConnection;
  append(...entries: readonly LogEntry[]): void;
  /** The cursors before this one are too old from now on. */
  forgetBefore(position: number): void;
  /** What the next sources are refused with, instead of being opened, until `admit`. Resolves when one was refused. */
  refuseWith(refusal: Error): Promise<void>;
  admit(): void;
}

export const logTypes = `
  scalar Cursor
  type Query { logged: Int }
  type Subscription { entries(after: Cursor, room: String): EntryEvent!  noises(room: String): String }
  union EntryEvent = EntryBatch | Resync
  type EntryBatch { from: Cursor!  to: Cursor!  entries: [Entry!]! }
  type Resync { reason: String!  from: Cursor! }
  type Entry { text: String!  author: User }
  type User @key(fields: "id", resolvable: false) { id: ID! }
`;

const positionOf = (cursor: string) => Number(cursor.slice(1));

/** @param typeDefs With the fields of `logTypes`, and maybe more. */
export function createLogSubgraph(typeDefs: string = logTypes, resolvers: Resolvers = {}): LogSubgraph {
  const log: LogEntry[] = [];
  const sources: (OpenedSource & { wake(): void })[] = [];
  let oldest = 0;
  let refusal: Error | undefined;
  let refused = Promise.withResolvers<void>();

  function follow(after: string | null, request: SubgraphRequest): AsyncIterable<unknown> {
    let position = after === null ? log.length : positionOf(after);
    let isFirst = after === null;
    let broken: Error | undefined;
    let isFinished = false;
    let change = Promise.withResolvers<void>();
    const source = {
      request,
      after,
      isLeft: false,
      fail(error: Error) {
        broken = error;
        source.wake();
      },
      finish() {
        isFinished = true;
        source.wake();
      },
      wake() {
        change.resolve();
        change = Promise.withResolvers();
      },
    };
    sources.push(source);
    const batch = (from: number, to: number) => ({
      __typename: 'EntryBatch',
      from: `c${from}`,
      to: `c${to}`,
      entries: log.slice(from, to),
    });
    async function* tell(): AsyncGenerator<{ entries: unknown }, void> {
      try {
        if (isFirst) yield { entries: batch(position, position) };
        isFirst = false;
        while (!isFinished) {
          if (broken) throw broken;
          if (position < oldest) {
            yield { entries: { __typename: 'Resync', reason: 'CURSOR_EXPIRED', from: `c${oldest}` } };
            return;
          }
          if (position < log.length) {
            position += 1;
            yield { entries: batch(position - 1, position) };
          } else if (!source.isLeft) {
            await change.promise;
          }
          if (source.isLeft) return;
        }
      } finally {
        source.isLeft = true;
      }
    }
    const events = tell();
    return {
      [Symbol.asyncIterator]: () => ({
        next: () => events.next(),
        async return() {
          source.isLeft = true;
          source.wake();
          await events.return();
          return { done: true, value: undefined };
        },
      }),
    };
  }

  const wakeAll = () => {
    for (const source of sources) source.wake();
  };
  const subgraph = createTestSubgraph('log', typeDefs, {
    ...resolvers,
    Subscription: {
      entries: {
        subscribe: (_: never, { after = null }: { after?: string | null }, request: SubgraphRequest) => {
          if (!refusal) return follow(after, request);
          refused.resolve();
          throw refusal;
        },
      },
      ...resolvers.Subscription,
    } as never,
  });
  return {
    ...subgraph,
    sources,
    get followed() {
      return sources.filter(({ isLeft }) => !isLeft).length;
    },
    subscribe: (request) =>
      streamOperation(
        {
          schema: subgraph.schema,
          document: parse(request.document),
          operationName: request.operationName ?? null,
          variableValues: request.variables,
        },
        { createContext: () => request, mask: (error) => error.toJSON(), signal: request.context.signal },
      ),
    append(...entries) {
      log.push(...entries);
      wakeAll();
    },
    forgetBefore(position) {
      oldest = position;
      wakeAll();
    },
    refuseWith(next) {
      refusal = next;
      refused = Promise.withResolvers();
      return refused.promise;
    },
    admit() {
      refusal = undefined;
    },
  };
}
