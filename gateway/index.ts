import type { IncomingMessage, ServerResponse } from 'node:http';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import { type ListeningServer, type ListenOptions, startHttpServer } from '../kernel/http/http-server.ts';
import { refuse } from '../kernel/http/refuse.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { correlationIdOf } from '../kernel/tenancy/correlation-id.ts';
import type { RequestContext } from '../kernel/tenancy/request-context.ts';
import type { Access } from './admission/authenticate.ts';
import { createDocumentValidator } from './admission/validate-document.ts';
import { executeOperation } from './execute/execute-operation.ts';
import { shareOperations } from './execute/share-operations.ts';
import { createPipeline } from './pipeline.ts';
import { createPlanCache, type PlanCache } from './plan/plan-cache.ts';
import { createApollo } from './server/apollo.ts';
import { createGraphqlDoor } from './server/graphql-door.ts';
import { type HealthComponent, sendLiveness, sendReadiness } from './server/health.ts';
import type { Playground } from './server/playground.ts';
import type { ServedSupergraph } from './supergraph/served-supergraph.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  /** What is served now: asked once for every operation, which holds on to what it is given. */
  readonly current: () => ServedSupergraph;
  readonly access: Access;
  /** Whether errors may suggest names of the schema. */
  readonly suggestions: boolean;
  /** Where plans are kept; a cache of its own by default. */
  readonly planOperation?: PlanCache;
  /** Decides for a request whether a progressive override with a label of one's own holds; none does by default. */
  readonly decideOverride?: (label: string, context: RequestContext) => boolean;
  /** The largest request body, in bytes; 2 MiB by default. */
  readonly maxBodyBytes?: number;
  /** How long an answer may take, in milliseconds; 30 s by default. */
  readonly deadlineMs?: number;
  /** The names, in lower case, of the client's headers that connections may pass on; none by default. */
  readonly forwardedHeaders?: readonly string[];
  readonly health: readonly HealthComponent[];
  /** Without one there is no playground. */
  readonly playground?: Playground;
  readonly logger: Logger;
}

/** A gateway that can be opened. */
export interface Gateway {
  open(options: ListenOptions): Promise<ListeningServer>;
}

const maxPlanBytes = 64 * 1024 * 1024;

/** The cache of plans that a gateway has by default. Who makes it can fill it before it is asked. */
export function createGatewayPlans(): PlanCache {
  return createPlanCache(maxPlanBytes);
}

const defaults = { maxBodyBytes: 2 * 1024 * 1024, deadlineMs: 30_000, forwardedHeaders: [] } as const;

/** Makes a gateway: any supergraph as one endpoint. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { current, access, suggestions, health, playground, logger } = options;
  const { maxBodyBytes, deadlineMs, forwardedHeaders } = { ...defaults, ...options };
  const pipeline = createPipeline({
    access,
    current,
    suggestions,
    validateDocument: createDocumentValidator({ suggestions }),
    planOperation: options.planOperation ?? createGatewayPlans(),
    decideOverride: options.decideOverride ?? (() => false),
    execute: shareOperations(executeOperation),
    onSubgraphFailure: ({ app, context, cause }) =>
      logger.error({ app, correlationId: context.correlationId, err: cause }, 'A subgraph did not answer'),
  });
  const apollo = createApollo({ pipeline, logger });
  await apollo.start();
  const handleGraphql = createGraphqlDoor({ apollo, access, maxBodyBytes, deadlineMs, forwardedHeaders });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path] = (request.url ?? '/').split('?', 1);
    if (path === '/graphql') return await handleGraphql(request, response);
    response.setHeader('x-correlation-id', correlationIdOf(undefined));
    if (path === '/healthz') return sendLiveness(request, response);
    if (path === '/readyz') return await sendReadiness(request, response, health);
    if (playground && path === '/') {
      response.writeHead(302, { location: '/playground' }).end();
    } else if (!(await playground?.(request, response))) {
      refuse(
        request,
        response,
        new PanoramaError('NOT_FOUND', 'There is nothing at this path. The endpoint is /graphql.'),
        '',
      );
    }
  }

  return { open: (listenOptions) => startHttpServer(handle, listenOptions, logger) };
}
