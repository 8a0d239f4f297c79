import type {
  Activity,
  Company,
  Contact,
  Deal,
  Lead,
  PrismaClient,
  RevenueMilestone,
} from '../../generated/prisma/crm/client.ts';
import type { ChangeBatch } from '../../kernel/changes/feed.ts';
import type { Connection } from '../../kernel/data/page.ts';
import type { TenantTransaction } from '../../kernel/data/tenant-database.ts';
import type { TimeRange } from '../../kernel/data/time-range.ts';

/** A transaction in which the rows of one tenant of this app can be reached. */
export type CrmTransaction = TenantTransaction<PrismaClient>;

// What resolvers of each type get as their parent.
export type LeadModel = Lead;
export type ContactModel = Contact;
export type DealModel = Deal;
export type ActivityModel = Activity;
export type CompanyModel = Company;
export type LeadConnectionModel = Connection<Lead>;
export type ContactConnectionModel = Connection<Contact>;
export type DealConnectionModel = Connection<Deal>;
export type ActivityConnectionModel = Connection<Activity>;
export type CompanyConnectionModel = Connection<Company>;
export type LeadChangeModel = ChangeBatch;
export type DealChangeModel = ChangeBatch;
export type MetricsModel = TimeRange;
export type RevenueMilestoneModel = RevenueMilestone;
export type MetricsDayModel = { readonly id: string };
/** A customer as the gateway names it; the e-mail address comes from the users app, null when that app failed. */
export interface CustomerModel {
  readonly id: string;
  readonly emailKey?: string | null;
}
export interface CustomerCrmModel {
  readonly emailKey: string;
}

/** Which records to find: those that have every word and pass the filter. */
export interface Selection<Filter> {
  /** In lower case. */
  readonly words: readonly string[];
  readonly filter: Filter;
}

/** The fields of a record to change; those that are undefined stay as they are. */
export type Change<Row, Kept extends string> = {
  readonly [Field in Exclude<keyof Row, Kept | 'tenantId' | 'id' | 'createdAt' | 'updatedAt' | 'version'>]?:
    | Row[Field]
    | undefined;
};
