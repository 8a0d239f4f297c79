import type { TenantId } from './ids.ts';
import type { Principal } from './principal.ts';

/** What travels with one request from the door to the last statement. */
export interface RequestContext {
  readonly correlationId: string;
  /** Undefined only where a gateway serves anonymously; no app of ours answers without a principal. */
  readonly principal: Principal | undefined;
  /** As the client calls its operation; only of a mutation, which leaves a record. */
  readonly operationName?: string | undefined;
  /** The name under which its sender may send it again without it being done again; counts for a mutation only. */
  readonly idempotencyKey?: string | undefined;
  /** What the key stands for: a digest of document, operation name and variables. Of a mutation with a key. */
  readonly requestDigest?: string | undefined;
  /** Ends when the client is gone or the deadline has passed. */
  readonly signal: AbortSignal;
  /**
   * The client's headers that some subgraph may see, by lower-case name; absent where none is passed on. An answer may
   * depend on them, so nothing is shared between requests that differ here.
   */
  readonly forwardedHeaders?: Readonly<Record<string, string>>;
}

/** Anything that is bound to one tenant. Data access asks for it, so that no statement runs without a tenant. */
export interface TenantScope {
  readonly tenantId: TenantId;
}
