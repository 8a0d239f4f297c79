import type { GraphiQLProps } from 'graphiql';
import { type DocumentNode, Kind, type OperationDefinitionNode, parse } from 'graphql';
import { type GraphqlAnswer, postOperation } from './post-operation.ts';
import type { SubscriptionRequest } from './subscriptions.ts';

type Fetcher = GraphiQLProps['fetcher'];

/** What the fetcher needs; `headers` merges the chosen credentials with what the Headers editor says. */
export interface FetcherOptions {
  readonly endpoint: string;
  readonly headers: (written: Readonly<Record<string, unknown>> | undefined) => Record<string, string>;
  readonly subscribe: (request: SubscriptionRequest) => { unsubscribe(): void };
}

/** The shape in which GraphiQL takes a stream of answers. */
interface AnswerObserver {
  next(answer: GraphqlAnswer): void;
  error(error: unknown): void;
  complete(): void;
}

/**
 * How GraphiQL reaches the server. It is our own because GraphiQL's asks for no `application/graphql-response+json`
 * and sends the Headers editor's content on HTTP only.
 */
export function createFetcher({ endpoint, headers, subscribe }: FetcherOptions): Fetcher {
  return ({ query, operationName, variables }, options) => {
    const chosen = chooseOperation(query, operationName);
    const merged = headers(options?.headers);
    const operation = {
      query,
      operationName: chosen?.name?.value ?? operationName ?? undefined,
      variables: typeof variables === 'object' && variables !== null ? { ...variables } : undefined,
    };
    const answers =
      chosen?.operation === 'subscription'
        ? {
            subscribe: (observer: AnswerObserver) =>
              subscribe({ headers: merged, operation, next: observer.next, complete: observer.complete }),
          }
        : postOperation({ endpoint, headers: merged, operation });
    // GraphiQL types an answer as graphql-js makes it, with error objects; what it takes and shows is their JSON.
    return answers as ReturnType<Fetcher>;
  };
}

/**
 * The operation to run: the one of that name, or the only one there is. Just after a change of tabs GraphiQL still
 * gives the name and the syntax tree of the tab before, so neither is relied on.
 */
function chooseOperation(query: string, name: string | null | undefined): OperationDefinitionNode | undefined {
  let document: DocumentNode;
  try {
    document = parse(query, { noLocation: true });
  } catch {
    // The server says what is wrong with it, and where.
    return undefined;
  }
  const operations = document.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  return (
    operations.find((operation) => operation.name?.value === name) ??
    (operations.length === 1 ? operations[0] : undefined)
  );
}
