import type { TestApp, TestCaller } from '../../support/app.ts';

/** The part of every payload that says what was wrong with the input. */
export interface Refused {
  readonly userErrors: readonly { readonly field: string | null; readonly code: string }[];
}

/** Sends a mutation of this app and returns its payload; any error beside it fails the test. */
export async function sendTo<Payload = Record<string, unknown>>(
  app: TestApp,
  mutation: string,
  input: object,
  selection: string,
  caller: TestCaller = {},
): Promise<Payload & Refused> {
  const { data, errors } = await app.execute<Record<string, Payload & Refused>>(
    `mutation ($input: ${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input!) {
      ${mutation}(input: $input) { ${selection} userErrors { field code } }
    }`,
    { input },
    caller,
  );
  const payload = data?.[mutation];
  if (errors || !payload) throw new Error(`${mutation}: ${JSON.stringify(errors)}`);
  return payload;
}

interface CreatedLead {
  readonly lead: { readonly id: string; readonly version: number; readonly contact: { readonly id: string } };
}

/** Creates a lead that must be accepted. */
export async function createLeadIn(
  app: TestApp,
  fields: object,
  caller: TestCaller = {},
): Promise<CreatedLead['lead']> {
  const input = { firstName: 'Ada', lastName: 'Byron', ...fields };
  return (await sendTo<CreatedLead>(app, 'createLead', input, 'lead { id version contact { id } }', caller)).lead;
}

/** Creates a record that must be accepted by `create<Type>`, and returns its id. */
export async function createIn(app: TestApp, type: string, input: object, caller: TestCaller = {}): Promise<string> {
  const name = type.toLowerCase();
  const payload = await sendTo<Record<string, { id: string }>>(app, `create${type}`, input, `${name} { id }`, caller);
  const record = payload[name];
  if (!record) throw new Error(JSON.stringify(payload.userErrors));
  return record.id;
}
