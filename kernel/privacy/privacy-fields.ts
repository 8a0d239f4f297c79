import type { PrismaClientLike } from '../data/tenant-database.ts';
import type { AppContext } from '../subgraph/app.ts';
import { eraseCustomerData, type PersonalApp, readCustomerData } from './erase-customer.ts';
import type { Person } from './personal-records.ts';

/**
 * The resolvers of the two fields by which an app is asked for what it holds on a person, page by page, and to erase it.
 * No client sees the fields.
 */
export function privacyFieldsOf<Client extends PrismaClientLike>(app: PersonalApp<Client>) {
  return {
    data: <Loaders>(
      _: unknown,
      { input, page }: { readonly input: Person; readonly page: number },
      context: AppContext<Client, Loaders>,
    ) => readCustomerData(app, context, input, page),
    erase: async <Loaders>(_: unknown, { input }: { readonly input: Person }, context: AppContext<Client, Loaders>) => {
      const result = await eraseCustomerData(app, context, input);
      if (!result.ok) return { records: null, isDone: null, userErrors: [...result.userErrors] };
      const { records, isDone } = result.value;
      return { records: records.map((one) => ({ ...one, reason: one.reason ?? null })), isDone, userErrors: [] };
    },
  };
}
