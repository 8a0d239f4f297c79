import type { StreamLimits } from '../../kernel/config/stream-limits.ts';
import type { UpgradeHandler } from '../../kernel/http/http-server.ts';
import { createDeadlines } from '../../kernel/resilience/deadlines.ts';
import type { Logger } from '../../kernel/telemetry/logger.ts';
import type { DenialAudit } from '../admission/audit-denials.ts';
import type { NoteAdmission } from '../admission/audit-key-use.ts';
import type { Access } from '../admission/authenticate.ts';
import type { RateLimiter } from '../admission/rate-limit.ts';
import { createCredentialWatch } from '../admission/stream-credentials.ts';
import { createPlaces } from '../admission/stream-places.ts';
import { unauthenticated } from '../admission/unauthenticated.ts';
import type { Pipeline } from '../pipeline.ts';
import type { AdmitText } from './admit-text.ts';
import { createEventStreamDoor, type EventStreamDoor } from './event-stream.ts';
import type { IdentifyBearer } from './identify-sender.ts';
import { createOpenStreams } from './open-streams.ts';
import type { ShortWay } from './short-way.ts';
import { createWebSocketDoor } from './web-socket/door.ts';

export interface StreamDoorsOptions {
  readonly pipeline: Pipeline;
  readonly access: Access;
  readonly limits: StreamLimits;
  readonly identify: IdentifyBearer;
  readonly admitText: AdmitText;
  readonly parseDocument: ShortWay['parseDocument'];
  readonly noteRefusal: RateLimiter['noteRefusal'];
  readonly noteDenial?: DenialAudit['noteRefusal'];
  readonly noteAdmission?: NoteAdmission;
  /** Origins whose pages may open sockets, beside those of the gateway itself. */
  readonly origins: readonly string[];
  /** How many proxies of one's own are in front. */
  readonly trustedProxies: number;
  /** The names, in lower case, of the client's headers that some subgraph may see. */
  readonly forwardedHeaders: readonly string[];
  /** How long the answer to a query or a mutation may take, in milliseconds. */
  readonly deadlineMs: number;
  readonly logger: Logger;
}

/** The doors that stay open. */
export interface StreamDoors {
  /** WebSockets; and the end of all that is open. */
  readonly upgrades: UpgradeHandler;
  readonly eventStream: EventStreamDoor;
}

/** Makes the doors for WebSockets and event streams. They count together, and are watched together. */
export function createStreamDoors(options: StreamDoorsOptions): StreamDoors {
  const { access, limits, logger, noteDenial, noteAdmission } = options;
  const open = createOpenStreams(limits.pingMs);
  const places = createPlaces(limits.streams);
  const shared = {
    limits,
    stream: {
      pipeline: options.pipeline,
      admitText: options.admitText,
      parseDocument: options.parseDocument,
      subscriptions: createPlaces(limits.subscriptionsPerCredential),
      subscriptionsPerCredential: limits.subscriptionsPerCredential,
      deadlines: createDeadlines(options.deadlineMs),
      noteRefusal: options.noteRefusal,
      ...(noteDenial && { noteDenial }),
      logger,
    },
    credentials: createCredentialWatch({ access, everyMs: limits.recheckMs, logger }),
    open,
    tenants: createPlaces(limits.streamsPerTenant),
    slow: createDeadlines(limits.slowClientMs),
  };
  const upgrade = createWebSocketDoor({
    parts: {
      ...shared,
      identify: identifySomebody(options),
      initWait: createDeadlines(limits.initWaitMs),
      forwardedHeaders: options.forwardedHeaders,
      ...(noteDenial && { noteDenial }),
      ...(noteAdmission && { noteAdmission }),
      logger,
    },
    places,
    origins: options.origins,
    trustedProxies: options.trustedProxies,
  });
  return {
    upgrades: { upgrade, drain: open.drain },
    eventStream: createEventStreamDoor({ ...shared, places }),
  };
}

/** A socket is no way to read the schema, which may be all that callers without a credential are let in for. */
function identifySomebody({ access, identify }: Pick<StreamDoorsOptions, 'access' | 'identify'>): IdentifyBearer {
  if (access.kind === 'anonymous' || access.admitsAnonymous) return identify;
  return async (credentials, address) => {
    const sender = await identify(credentials, address);
    if (!sender.principal) throw unauthenticated();
    return sender;
  };
}
