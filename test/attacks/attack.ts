import type { Stand } from './stand.ts';

/** Which part of the catalogue an attack belongs to: what its id begins with. */
export type AttackGroup =
  | 'DOS'
  | 'INF'
  | 'HTTP'
  | 'AUTH'
  | 'AUTHZ'
  | 'INJ'
  | 'FED'
  | 'WS'
  | 'SHD'
  | 'TEN'
  | 'PG'
  | 'RL'
  | 'FLT';

export interface AttackBase {
  readonly id: `${AttackGroup}-${string}`;
  readonly name: string;
}

/** Who sends a request: nobody, or a token of the tenant acme with these permissions. */
export type AttackSender = 'nobody' | 'admin' | { readonly permissions: unknown };

/** One request, with everything that a client can choose. */
export interface SentRequest {
  readonly method?: string;
  /** `/graphql` by default. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text is sent as it stands, anything else as JSON. */
  readonly body?: unknown;
}

/** What a safe answer looks like; what holds for every answer is in `check-answer.ts`. */
export interface SafeAnswer {
  /** 'closed' stands for a connection that ends without an answer. */
  readonly status: readonly (number | 'closed')[];
  /** The codes of all errors, each once; `[]` where there is none. Not looked at by default. */
  readonly codes?: readonly string[];
  /** What the extensions of the first error hold beside others. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** What the `data` of the answer is like. Where it is left out and no app may be called, there is none. */
  readonly data?: unknown;
  /** Whether apps may be called. By default nothing may reach them. */
  readonly reachesApps?: boolean;
  /** Whether rows of the sender's tenant may change. By default nothing is written; in the other tenant, never. */
  readonly writes?: boolean;
  readonly maxErrors?: number;
  /** What the body does not contain. */
  readonly hides?: readonly (string | RegExp)[];
  /** What the body contains. */
  readonly says?: readonly (string | RegExp)[];
  /** Headers of the answer; null for one that is not there. */
  readonly headers?: Readonly<Record<string, string | null>>;
  /** What the one record of it in the audit of the sender's tenant holds beside others. */
  readonly recorded?: Readonly<Record<string, unknown>>;
  /** Whether the body equals that of the same request without a credential. */
  readonly likeNobody?: boolean;
}

/** One request and its answer. */
export interface RequestAttack extends AttackBase {
  /** The administrator of acme by default. */
  readonly as?: AttackSender;
  readonly send: (stand: Stand) => SentRequest | Promise<SentRequest>;
  readonly answer: SafeAnswer;
}

/** An attack of more than one request, or on something else than the front door: it says itself what is safe. */
export interface ScenarioAttack<Scene = Stand> extends AttackBase {
  readonly run: (scene: Scene) => Promise<void>;
}

/** A test elsewhere: its file from the root, and its name as it is written there. */
export type Proof = readonly [file: `test/${string}`, test: string];

/** An attack that tests elsewhere make. */
export interface ProvenAttack extends AttackBase {
  readonly provenBy: readonly [Proof, ...Proof[]];
}

/** An attack on what is not built yet. */
export interface PendingAttack extends AttackBase {
  /** What is waited for. */
  readonly pending: string;
}

export type Attack<Scene = Stand> = RequestAttack | ScenarioAttack<Scene> | ProvenAttack | PendingAttack;

/** An attack of whatever scene, as lists of all of them have it. */
export type AnyAttack = RequestAttack | AttackBase | ProvenAttack | PendingAttack;

export const isRequest = (attack: AnyAttack): attack is RequestAttack => 'send' in attack;
export const isProven = (attack: AnyAttack): attack is ProvenAttack => 'provenBy' in attack;
export const isPending = (attack: AnyAttack): attack is PendingAttack => 'pending' in attack;

/** Those that tests of this folder make, of one scene. */
export function scenariosOf<Scene>(attacks: readonly Attack<Scene>[]): readonly ScenarioAttack<Scene>[] {
  return attacks.filter((attack): attack is ScenarioAttack<Scene> => 'run' in attack);
}

/** Whether the long forms run too: as many requests as the catalogue names, and statistics over time. */
export const runsLong = process.env.ATTACKS_LONG === '1';

/** How long a stand may take to start, and one attack to end, in milliseconds: far more than they need. */
export const startMs = 120_000;
export const attackMs = runsLong ? 3_600_000 : 60_000;
