import type { z } from 'zod';
import type { Publish } from '../../../kernel/audit/mutation-run.ts';
import type { Permission } from '../../../kernel/permissions/permission.ts';
import type { Outlets } from '../../../kernel/subgraph/background-work.ts';
import type { TenantScope } from '../../../kernel/tenancy/request-context.ts';
import type { CoordinationTransaction } from '../store.ts';

/** How urgent work is, the most urgent first. */
export const priorities = ['HIGH', 'NORMAL', 'LOW'] as const;
export type QueuePriority = (typeof priorities)[number];

/** What a job came to, for clients: ids and counts. */
export type JobResult = Readonly<Record<string, unknown>>;

/** What a job works with. */
export interface JobContext<Data> extends TenantScope {
  readonly job: {
    readonly id: string;
    readonly type: string;
    readonly queuedBy: string;
    /** Whether it is given up when it fails now. */
    readonly isLastAttempt: boolean;
  };
  readonly data: Data;
  /**
   * Asks an app, in the name of coordination with the permissions of the kind of job. A mutation is done once, however often
   * the job is tried; so a job asks the same in the same order each time. What the app refuses ends the job for good, also as
   * `userErrors` of a payload; where it does not answer, the job is tried again.
   */
  ask<Answer>(app: string, document: string, variables?: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Reads from the tables of coordination. */
  read<T>(work: (tx: CoordinationTransaction) => Promise<T>): Promise<T>;
  /** Writes to the tables of coordination, with what it publishes and a record. It may come twice: see that it counts once. */
  write<T>(work: (tx: CoordinationTransaction, publish: Publish) => Promise<T>): Promise<T>;
  /** The ways out of the platform. */
  readonly outlets: Outlets;
  /** The platform's secret, from which keys are derived. */
  readonly secret: string;
  /** Ends when the attempt has taken too long. */
  readonly signal: AbortSignal;
  /** Begins the run of a workflow that has the id of the job, unless it was begun before. */
  begin(workflow: string, input: unknown): Promise<JobResult>;
}

/** A kind of job. */
export interface JobType<Data> {
  readonly name: string;
  /** What whoever queues it needs beside `write:queues`: what it does is done in the name of coordination. */
  readonly needs: readonly Permission[];
  /** What it may do in other apps. */
  readonly permissions: readonly Permission[];
  readonly data: z.ZodType<Data>;
  /** How long one attempt may take; 30,000 by default. */
  readonly timeoutMs?: number;
  run(context: JobContext<Data>): Promise<JobResult>;
}

/** A kind of job with whatever data. */
export type AnyJobType = JobType<unknown>;

/** A queue: work of one kind, and how much of it is done at a time. */
export interface Queue {
  readonly name: string;
  readonly priority: QueuePriority;
  /** How often a job is tried again where it may succeed another time. */
  readonly maxRetries: number;
  /** How many of its jobs a process does at a time; one of each tenant beside, where there are more tenants than that. */
  readonly concurrency: number;
  /** How many of those may be of one tenant. */
  readonly perTenant: number;
  readonly types: ReadonlyMap<string, AnyJobType>;
}

/** The queues by their names. */
export type Queues = ReadonlyMap<string, Queue>;

/** A kind of job for the table, which holds jobs of any data: `run` gets what `data` has let pass. */
export function defineJobType<Data>(type: JobType<Data>): AnyJobType {
  return type as AnyJobType;
}
