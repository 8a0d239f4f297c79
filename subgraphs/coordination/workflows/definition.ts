import type { z } from 'zod';
import type { Publish } from '../../../kernel/audit/mutation-run.ts';
import type { Permission } from '../../../kernel/permissions/permission.ts';
import type { TenantScope } from '../../../kernel/tenancy/request-context.ts';
import type { CoordinationTransaction } from '../store.ts';

/** What a step came to: ids and counts, nothing that says something of a person. The engine keeps it. */
export type StepResult = Readonly<Record<string, unknown>>;

/** What the steps so far came to, by their names; of a step that was skipped there is nothing. */
export type StepResults = Readonly<Record<string, StepResult>>;

/** What a step works with. */
export interface StepContext<Input> extends TenantScope {
  readonly run: { readonly id: string; readonly name: string; readonly attempt: number };
  readonly input: Input;
  readonly results: StepResults;
  /** Ends when the step has taken too long. */
  readonly signal: AbortSignal;
  /**
   * Asks an app, in the name of coordination with the permissions of the workflow. A mutation is done once, however often
   * the step is taken up; so a step asks the same in the same order each time. What the app refuses ends the step, also as
   * `userErrors` of a payload; where it does not answer, the step is tried again.
   */
  ask<Data>(app: string, document: string, variables?: Readonly<Record<string, unknown>>): Promise<Data>;
  /** Writes to the tables of coordination in one transaction, with what it publishes. It may come twice: see that it counts once. */
  write<T>(work: (tx: CoordinationTransaction, publish: Publish) => Promise<T>): Promise<T>;
}

/** How often a step is tried where it may succeed another time, and how long to wait before the second try, in milliseconds. */
export interface RetryPolicy {
  readonly attempts: number;
  /** Doubled for each further try, with up to a half more by chance. */
  readonly backoffMs: number;
}

/** One step of a workflow. */
export interface StepDefinition<Input> {
  readonly name: string;
  /** Whether the step is done at all; it always is where this is left out. */
  when?(input: Input, results: StepResults): boolean;
  run(context: StepContext<Input>): Promise<StepResult>;
  /**
   * Undoes the step after a later one has failed for good, or the run was cancelled. Also after the step itself has failed
   * where nobody knows whether it was done, so it may find nothing to undo.
   */
  compensate?(context: StepContext<Input>): Promise<unknown>;
  /** 8 tries in about half a minute by default: as long as an app needs to start again. */
  readonly retry?: RetryPolicy;
  /** How long one try may take; 30,000 by default. */
  readonly timeoutMs?: number;
}

/** A step, or steps that are done side by side. */
export type Stage<Input> = StepDefinition<Input> | { readonly parallel: readonly StepDefinition<Input>[] };

/** A workflow as it is defined: the list of its steps. */
export interface WorkflowDefinition<Input> {
  readonly name: string;
  /** What its steps may do in other apps. */
  readonly permissions: readonly Permission[];
  readonly input: z.ZodType<Input>;
  readonly steps: readonly Stage<Input>[];
  /** What the run came to, for clients, from what its steps came to. */
  result?(results: StepResults, input: Input): Readonly<Record<string, unknown>>;
}

/** A workflow of whatever input. */
export type Workflow = WorkflowDefinition<unknown>;

/** The definitions that runs are made of, by their names. */
export type Workflows = ReadonlyMap<string, Workflow>;

const namePattern = /^[a-z][A-Za-z0-9]{0,63}$/;

/** The steps of a stage. */
export function stepsOf<Input>(stage: Stage<Input>): readonly StepDefinition<Input>[] {
  return 'parallel' in stage ? stage.parallel : [stage];
}

/** Checks a definition: names of steps are what they are known by, in the run and to the apps. */
export function defineWorkflow<Input>(definition: WorkflowDefinition<Input>): Workflow {
  const names = definition.steps.flatMap(stepsOf).map(({ name }) => name);
  const bad = [definition.name, ...names].find((name) => !namePattern.test(name));
  if (bad !== undefined) throw new Error(`"${bad}" cannot name a workflow or a step.`);
  if (new Set(names).size < names.length) throw new Error(`The workflow ${definition.name} has two steps of one name.`);
  // Its input has been checked by its own schema when its steps see it.
  return definition as Workflow;
}
