import type { ApolloServerPlugin, BaseContext } from '@apollo/server';

/** Mistakes inside a well-formed request: in its document, in the choice of the operation, or in its variables. */
const documentMistakes = new Set<unknown>(['GRAPHQL_PARSE_FAILED', 'OPERATION_RESOLUTION_FAILURE', 'BAD_USER_INPUT']);

/** Whether a client names `application/json` as what it takes, and not the media type that GraphQL has of its own. */
function takesPlainJsonOnly(accept: string | undefined): boolean {
  return accept?.includes('application/json') === true && !accept.includes('application/graphql-response+json');
}

interface WithCode {
  readonly extensions?: { readonly code?: unknown };
}

/** Whether an operation was refused for what does not count with an `accept`: its status is 200 then. */
export function isForgiven(accept: string | undefined, errors: readonly WithCode[] | undefined): boolean {
  return takesPlainJsonOnly(accept) && documentMistakes.has(errors?.[0]?.extensions?.code);
}

/**
 * GraphQL over HTTP, section 6.4.1: with `application/json` the status says whether the request was well-formed, no
 * more; clients of that media type may take any other status for a failure of something on the way. Who does not ask
 * for it by name gets the status that belongs to the error.
 */
export function createLenientStatus(): ApolloServerPlugin<BaseContext> {
  return {
    async requestDidStart({ request }) {
      const accept = request.http?.headers.get('accept');
      if (!takesPlainJsonOnly(accept)) return;
      return {
        async willSendResponse({ errors, response }) {
          const result = response.body.kind === 'single' ? response.body.singleResult : undefined;
          // Apollo Server notes only the errors that it found itself.
          const isRefused = result?.data === undefined;
          if (isRefused && isForgiven(accept, errors ?? result?.errors)) response.http.status = 200;
        },
      };
    },
  };
}
