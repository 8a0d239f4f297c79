import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AuditLog } from '../kernel/audit/audit-log.ts';
import { anySupergraphLimits, type OperationLimits } from '../kernel/config/operation-limits.ts';
import { defaultStreamLimits, type StreamLimits } from '../kernel/config/stream-limits.ts';
import { PanoramaError } from '../kernel/errors/panorama-error.ts';
import { type ListeningServer, type ListenOptions, startHttpServer } from '../kernel/http/http-server.ts';
import { refuse } from '../kernel/http/refuse.ts';
import type { Logger } from '../kernel/telemetry/logger.ts';
import { correlationIdOf } from '../kernel/tenancy/correlation-id.ts';
import type { RequestContext } from '../kernel/tenancy/request-context.ts';
import { createDenialAudit } from './admission/audit-denials.ts';
import { createKeyUseAudit } from './admission/audit-key-use.ts';
import type { Access } from './admission/authenticate.ts';
import { createAutomaticDocuments } from './admission/automatic-documents.ts';
import { createOperationGates, type OperationGates } from './admission/limit-operations.ts';
import { createMemoryRateLimitStore } from './admission/memory-rate-limit-store.ts';
import { createRateLimiter, noRateLimits, type RateLimiter } from './admission/rate-limit.ts';
import type { DocumentPolicy } from './admission/resolve-document.ts';
import { noTrustedDocuments } from './admission/trusted-documents.ts';
import { createDocumentValidator } from './admission/validate-document.ts';
import { executeOperation } from './execute/execute-operation.ts';
import { shareOperations } from './execute/share-operations.ts';
import { createPipeline, type Pipeline } from './pipeline.ts';
import { createPlanCache, type PlanCache } from './plan/plan-cache.ts';
import { createTextGate } from './server/admit-text.ts';
import { createApollo } from './server/apollo.ts';
import { createCrossOrigin } from './server/cors.ts';
import { createGraphqlDoor } from './server/graphql-door.ts';
import { type HealthComponent, sendLiveness, sendReadiness } from './server/health.ts';
import { createBearerGate, createSenderGate } from './server/identify-sender.ts';
import type { Playground } from './server/playground.ts';
import { setSecurityHeaders } from './server/security-headers.ts';
import { createShortWay } from './server/short-way.ts';
import type { StaticPage } from './server/static-page.ts';
import { createStreamDoors } from './server/stream-doors.ts';
import type { ServedSupergraph } from './supergraph/served-supergraph.ts';

/** What a gateway is made of. */
export interface GatewayOptions {
  /** What is served now: asked once for every operation, which holds on to what it is given. */
  readonly current: () => ServedSupergraph;
  /** Has a function called whenever another one is served. Without this, subscriptions notice it at their next event. */
  readonly onReplaced?: (listener: () => void) => void;
  readonly access: Access;
  /** How large one operation may be; as a gateway needs it that knows nothing of its supergraph by default. */
  readonly limits?: OperationLimits;
  /** What may be open at one time; what is left out has a default. */
  readonly streams?: Partial<StreamLimits>;
  /** Counts what is used; by default there is no end to it. */
  readonly rateLimiter?: RateLimiter;
  /** Which documents stand for hashes, and who may send others; by default clients register their own. */
  readonly documents?: DocumentPolicy;
  /** The origins whose pages may read answers; none but the gateway's own by default. */
  readonly origins?: readonly string[];
  /** How many proxies of one's own are in front; none by default. */
  readonly trustedProxies?: number;
  /** Whether errors may suggest names of the schema to those who may not read it. */
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
  /** Where denials and the use of keys are recorded; nowhere by default. */
  readonly audit?: AuditLog;
  /** Without one there is no playground. */
  readonly playground?: Playground;
  /** Further pages. */
  readonly pages?: readonly StaticPage[];
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

const automaticDocumentBytes = 16 * 1024 * 1024;

/** What a gateway has that is told nothing else. */
function defaults() {
  return {
    limits: anySupergraphLimits,
    rateLimiter: createRateLimiter(createMemoryRateLimitStore(), noRateLimits),
    documents: {
      trusted: noTrustedDocuments,
      only: new Set<string>(),
      automatic: createAutomaticDocuments(automaticDocumentBytes),
    },
    origins: [],
    trustedProxies: 0,
    maxBodyBytes: 2 * 1024 * 1024,
    deadlineMs: 30_000,
    forwardedHeaders: [],
  };
}

/** The request path of a gateway; what it denies is not recorded yet. */
function createPipelineOf(options: GatewayOptions, gates: OperationGates, deadlineMs: number): Pipeline {
  const { current, access, suggestions, logger } = options;
  return createPipeline({
    access,
    current,
    ...(options.onReplaced && { onReplaced: options.onReplaced }),
    suggestions,
    gates,
    validateDocument: createDocumentValidator({ suggestions: true }),
    planOperation: options.planOperation ?? createGatewayPlans(),
    decideOverride: options.decideOverride ?? (() => false),
    execute: shareOperations(executeOperation),
    eventDeadlineMs: deadlineMs,
    onSubgraphFailure: ({ app, context, cause }) =>
      logger.error({ app, correlationId: context.correlationId, err: cause }, 'A subgraph did not answer'),
  });
}

/** Makes a gateway: any supergraph as one endpoint. */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const { access, health, playground, pages = [], logger } = options;
  const { limits, rateLimiter, documents, origins, trustedProxies, ...door } = { ...defaults(), ...options };
  const { maxBodyBytes, deadlineMs, forwardedHeaders } = door;
  const denials = options.audit && createDenialAudit(options.audit, logger);
  const unaudited = createPipelineOf(options, createOperationGates(limits, rateLimiter), deadlineMs);
  const pipeline = denials ? denials.around(unaudited) : unaudited;
  const shortWay = createShortWay();
  const apollo = createApollo({ pipeline, keepDocument: shortWay.keepDocument, logger });
  await apollo.start();
  const identify = createBearerGate(access, rateLimiter);
  const shared = {
    pipeline,
    logger,
    admitText: createTextGate(documents, limits),
    noteRefusal: rateLimiter.noteRefusal,
    ...(denials && { noteDenial: denials.noteRefusal }),
    ...(options.audit && { noteAdmission: createKeyUseAudit(options.audit) }),
    deadlineMs,
    forwardedHeaders,
  };
  const { upgrades, eventStream } = createStreamDoors({
    ...shared,
    access,
    limits: { ...defaultStreamLimits, ...options.streams },
    identify,
    parseDocument: shortWay.parseDocument,
    origins,
    trustedProxies,
  });
  const identifySender = createSenderGate(identify, trustedProxies);
  const handleGraphql = createGraphqlDoor({ ...shared, apollo, shortWay, eventStream, identifySender, maxBodyBytes });
  const crossOrigin = createCrossOrigin(origins);

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    setSecurityHeaders(response);
    const [path] = (request.url ?? '/').split('?', 1);
    if (path === '/graphql') return crossOrigin(request, response) ? undefined : await handleGraphql(request, response);
    response.setHeader('x-correlation-id', correlationIdOf(undefined));
    if (path === '/healthz') return sendLiveness(request, response);
    if (path === '/readyz') return await sendReadiness(request, response, health);
    if (playground && path === '/') {
      response.writeHead(302, { location: '/playground' }).end();
    } else if (!(await servePage([...(playground ? [playground] : []), ...pages], request, response))) {
      refuse(
        request,
        response,
        new PanoramaError('NOT_FOUND', 'There is nothing at this path. The endpoint is /graphql.'),
        '',
      );
    }
  }

  return { open: (listenOptions) => startHttpServer(handle, listenOptions, logger, upgrades) };
}

async function servePage(
  pages: readonly StaticPage[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  for (const page of pages) if (await page(request, response)) return true;
  return false;
}
