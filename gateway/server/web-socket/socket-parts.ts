import type { StreamLimits } from '../../../kernel/config/stream-limits.ts';
import type { Deadlines } from '../../../kernel/resilience/deadlines.ts';
import type { Logger } from '../../../kernel/telemetry/logger.ts';
import type { DenialAudit } from '../../admission/audit-denials.ts';
import type { NoteAdmission } from '../../admission/audit-key-use.ts';
import type { CredentialWatch } from '../../admission/stream-credentials.ts';
import type { Places } from '../../admission/stream-places.ts';
import type { IdentifyBearer } from '../identify-sender.ts';
import type { OpenStreams } from '../open-streams.ts';
import type { StreamParts } from '../streamed-operation.ts';

/** What all sockets of a gateway share. */
export interface SocketParts {
  readonly limits: StreamLimits;
  /** What begins operations. */
  readonly stream: StreamParts;
  readonly identify: IdentifyBearer;
  readonly credentials: CredentialWatch;
  readonly open: OpenStreams;
  /** The streams of each tenant. */
  readonly tenants: Places;
  /** How long a socket may take to say who it is. */
  readonly initWait: Deadlines;
  /** How long a client that is behind is waited for. */
  readonly slow: Deadlines;
  /** The names, in lower case, of the headers that some subgraph may see. */
  readonly forwardedHeaders: readonly string[];
  readonly noteDenial?: DenialAudit['noteRefusal'];
  readonly noteAdmission?: NoteAdmission;
  readonly logger: Logger;
}
