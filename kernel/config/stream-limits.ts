/** What may be open at one time, and how what is open is watched. A limit is the largest value that is let through. */
export interface StreamLimits {
  /** Sockets and event streams of all callers together. */
  readonly streams: number;
  /** Sockets and event streams of one tenant. */
  readonly streamsPerTenant: number;
  /** Operations that run on one socket at the same time. */
  readonly operationsPerSocket: number;
  /** Subscriptions of one credential, however many sockets it has. */
  readonly subscriptionsPerCredential: number;
  /** Messages that a client may send on one socket in a second, averaged over ten. Large ones count for several. */
  readonly messagesPerSecond: number;
  /** Bytes of one message of a client. */
  readonly messageBytes: number;
  /** How long a socket may take to say who it is, and then a look-up of its credential, in milliseconds. */
  readonly initWaitMs: number;
  /** How often a peer is asked whether it is still there, in milliseconds; without a word until the next time, it is not. */
  readonly pingMs: number;
  /** Bytes that may wait to be sent on one connection before nothing more is asked for. */
  readonly unsentBytes: number;
  /** How long a connection with so much unsent is waited for, in milliseconds. */
  readonly slowClientMs: number;
  /** How often the credential of what is open is judged again, in milliseconds. */
  readonly recheckMs: number;
}

/** The limits where the settings say nothing. */
export const defaultStreamLimits: StreamLimits = {
  streams: 50_000,
  streamsPerTenant: 10_000,
  operationsPerSocket: 100,
  subscriptionsPerCredential: 10_000,
  messagesPerSecond: 200,
  messageBytes: 256 * 1024,
  initWaitMs: 3_000,
  pingMs: 12_000,
  unsentBytes: 256 * 1024,
  slowClientMs: 30_000,
  recheckMs: 20_000,
};

/** The names of all limits. */
export const streamLimitNames = Object.keys(defaultStreamLimits) as readonly (keyof StreamLimits)[];
