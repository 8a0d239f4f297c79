import { randomUUID } from 'node:crypto';
import { type Client, createClient } from '../../clients/sdk/index.ts';
import { eventually } from './eventually.ts';
import type { HttpAnswer, PlatformProcess, Sender } from './platform.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What a payload has beside what was asked for. */
export interface Payload {
  readonly userErrors: readonly { readonly field: string | null; readonly code: string; readonly message: string }[];
}

/** A run of a workflow as its feed tells. */
export interface FollowedRun {
  readonly id: string;
  readonly status: string;
  readonly percent: number;
  readonly currentStep: string | null;
  readonly steps: readonly { readonly name: string; readonly status: string }[];
  readonly result: Fields | null;
}

/** A change as a feed tells it. */
export interface FollowedChange {
  readonly type: string;
  readonly app: string;
  readonly entityId: string;
  readonly correlationId: string;
  readonly data: Fields;
}

/** What is followed: all that came so far, in order. */
export interface Followed<Event> {
  readonly events: readonly Event[];
  /** Waits for an event. */
  until(isIt: (event: Event) => boolean): Promise<Event>;
  /** Why it ended before its time; undefined while it goes on. */
  readonly failure: unknown;
}

/** An administrator of a tenant and a follower of feeds, from outside. */
export interface FlowClient {
  /** Sends a mutation that has to be answered; by default as the administrator. */
  mutate<Given = object>(name: string, fields: string, input: Fields, sender?: Sender): Promise<Given & Payload>;
  /** Asks for something that has to be answered without an error. */
  query<Data = Record<string, unknown>>(text: string, variables?: Fields, sender?: Sender): Promise<Data>;
  post: PlatformProcess['post'];
  /** Follows a feed from now on: resolves when it has begun. `eventsOf` takes the events from an answer. */
  follow<Data, Event>(text: string, eventsOf: (data: Data) => readonly Event[]): Promise<Followed<Event>>;
  /** Follows the changes of some types. */
  changes(...types: readonly string[]): Promise<Followed<FollowedChange>>;
  /** Begins a run, follows it to its end, and gives what its feed has told. */
  run(mutation: string, input: Fields): Promise<{ readonly told: readonly FollowedRun[]; readonly last: FollowedRun }>;
  close(): Promise<void>;
}

const progressOf = `subscription ($id: ID!, $after: Cursor) { workflowProgress(id: $id, after: $after) {
  ... on WorkflowProgress { from to run { id status percent currentStep steps { name status } result } }
  ... on Resync { reason } } }`;
const changesOf = (types: readonly string[]) => `subscription ($after: Cursor) {
  changes(types: ${JSON.stringify(types)}, after: $after) {
    ... on ChangeBatch { from to changes { type app entityId correlationId data } } ... on Resync { reason } } }`;

const ended = new Set(['SUCCEEDED', 'FAILED', 'CANCELLED']);

function dataOf<Data>(asked: string, { data, errors }: HttpAnswer<Data>): Data {
  if (errors) throw new Error(`${asked} was answered with ${JSON.stringify(errors)}`);
  return data;
}

async function followWith<Data, Event>(
  client: Client,
  text: string,
  variables: Fields,
  eventsOf: (data: Data) => readonly Event[],
): Promise<Followed<Event>> {
  const events: Event[] = [];
  const state = { hasBegun: false, failure: undefined as unknown };
  const read = async () => {
    for await (const { data, errors } of client.subscribe<Data>(text, variables)) {
      if (errors.length > 0) throw new Error(`The feed told ${JSON.stringify(errors)}`);
      if (data) events.push(...eventsOf(data));
      state.hasBegun = true;
    }
  };
  read().catch((error: unknown) => {
    state.failure = error;
  });
  const check = () => {
    if (state.failure) throw state.failure;
  };
  await eventually(() => {
    check();
    return state.hasBegun;
  });
  return {
    events,
    get failure() {
      return state.failure;
    },
    async until(isIt) {
      await eventually(() => {
        check();
        return events.some(isIt);
      });
      return events.find(isIt) as Event;
    },
  };
}

/** Opens a client of a platform in the name of an administrator. */
export function openFlowClient(platform: PlatformProcess, key = 'demo-acme-admin'): FlowClient {
  const client = createClient({ url: `${platform.url}/graphql`, key, app: 'crm-web' });
  const post: PlatformProcess['post'] = (query, variables, sender) =>
    platform.post(query, variables, { key, ...sender });

  async function mutate<Given>(name: string, fields: string, input: Fields, sender?: Sender) {
    const type = `${name[0]?.toUpperCase()}${name.slice(1)}Input`;
    const text = `mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} userErrors { field code message } } }`;
    const answer = await post<Record<string, Given & Payload>>(text, { input }, sender);
    return dataOf(name, answer)[name] as Given & Payload;
  }
  const follow = <Data, Event>(text: string, eventsOf: (data: Data) => readonly Event[]) =>
    followWith(client, text, {}, eventsOf);

  return {
    mutate,
    post,
    follow,
    async query(text, variables, sender) {
      return dataOf(text, await post(text, variables, sender));
    },
    changes: (...types) =>
      follow<{ changes: { changes?: FollowedChange[] } }, FollowedChange>(
        changesOf(types),
        (data) => data.changes.changes ?? [],
      ),
    async run(mutation, input) {
      const takesId = mutation !== 'exportCustomer' && mutation !== 'eraseCustomer';
      const wanted = { ...input, ...(takesId && { id: randomUUID() }) };
      const { run, userErrors } = await mutate<{ run: { id: string } | null }>(mutation, 'run { id }', wanted);
      if (!run) throw new Error(`${mutation} was refused: ${JSON.stringify(userErrors)}`);
      type Progress = { workflowProgress: { run?: FollowedRun | null } };
      const eventsOf = ({ workflowProgress }: Progress) => (workflowProgress.run ? [workflowProgress.run] : []);
      const progress = await followWith<Progress, FollowedRun>(client, progressOf, { id: run.id }, eventsOf);
      const last = await progress.until(({ status }) => ended.has(status));
      return { told: progress.events, last };
    },
    close: () => client.close(),
  };
}
