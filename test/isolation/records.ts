/** A kind of record that a tenant can have, and how it is made, changed and read. Ids are the client's own. */
export interface Kind {
  readonly name: string;
  /** The app whose subgraph resolves it as an entity, and its type there; absent where it is none. */
  readonly entity?: { readonly app: string; readonly type: string };
  /** The root field that gives one by its id. */
  readonly one?: string;
  /** The root field that lists them. */
  readonly many: string;
  /** The field that carries the record's label. */
  readonly label: string;
  readonly create: Command;
  readonly change?: Command;
  readonly remove?: Command;
  /** A filter that lets through the record with an id and no other, or those of an owner with an id. */
  readonly filter?: { readonly type: string; readonly of: (id: string) => object };
  /** Whether a search for a word of the label finds it. */
  readonly isSearchable?: true;
  /** The kind of the record that creating this one also makes one of this kind for. */
  readonly comesWith?: string;
  /** The kind, and the field of the input, of a record with the same id without which it cannot be made. */
  readonly needs?: { readonly kind: string; readonly field: string };
}

/** A mutation that takes an id and a label. */
export interface Command {
  readonly field: string;
  readonly input: (id: string, label: string) => Readonly<Record<string, unknown>>;
}

/** The e-mail address of a lead, of the contact that is made with it, and of the user with the same id: in every tenant. */
export const emailOf = (id: string) => `${id.toLowerCase()}@same.example`;

const domainOf = (id: string) => `${id.toLowerCase()}.same.example`;
const owned = (type: string, field: string) => ({ type, of: (id: string) => ({ [field]: id }) });

export const kinds: readonly Kind[] = [
  {
    name: 'lead',
    entity: { app: 'crm', type: 'Lead' },
    one: 'lead',
    many: 'leads',
    label: 'lastName',
    isSearchable: true,
    filter: { type: 'LeadFilter', of: (id) => ({ email: emailOf(id) }) },
    create: {
      field: 'createLead',
      input: (id, lastName) => ({ id, firstName: 'Same', lastName, email: emailOf(id), note: lastName }),
    },
    change: { field: 'updateLead', input: (id, lastName) => ({ id, lastName }) },
  },
  {
    name: 'contact',
    entity: { app: 'crm', type: 'Contact' },
    one: 'contact',
    many: 'contacts',
    label: 'lastName',
    isSearchable: true,
    comesWith: 'lead',
    filter: { type: 'ContactFilter', of: (id) => ({ email: `contact-${emailOf(id)}` }) },
    create: {
      field: 'createContact',
      input: (id, lastName) => ({ id, firstName: 'Same', lastName, email: `contact-${emailOf(id)}` }),
    },
    change: { field: 'updateContact', input: (id, lastName) => ({ id, lastName }) },
  },
  {
    name: 'company',
    entity: { app: 'crm', type: 'Company' },
    one: 'company',
    many: 'companies',
    label: 'name',
    isSearchable: true,
    filter: { type: 'CompanyFilter', of: (id) => ({ domain: domainOf(id) }) },
    create: { field: 'createCompany', input: (id, name) => ({ id, name, domain: domainOf(id) }) },
    change: { field: 'updateCompany', input: (id, name) => ({ id, name }) },
  },
  {
    name: 'deal',
    entity: { app: 'crm', type: 'Deal' },
    one: 'deal',
    many: 'deals',
    label: 'title',
    isSearchable: true,
    needs: { kind: 'contact', field: 'contactId' },
    filter: owned('DealFilter', 'contactId'),
    create: { field: 'createDeal', input: (id, title) => ({ id, title, amount: 7, currency: 'EUR', contactId: id }) },
    change: { field: 'updateDeal', input: (id, title) => ({ id, title }) },
  },
  {
    name: 'activity',
    entity: { app: 'crm', type: 'Activity' },
    one: 'activity',
    many: 'activities',
    label: 'subject',
    isSearchable: true,
    comesWith: 'lead',
    needs: { kind: 'contact', field: 'entityId' },
    create: {
      field: 'logActivity',
      input: (id, subject) => ({ id, type: 'CALL', subject, entityType: 'CONTACT', entityId: id }),
    },
  },
  {
    name: 'user',
    entity: { app: 'users', type: 'User' },
    one: 'user',
    many: 'users',
    label: 'profileData',
    filter: { type: 'UserFilter', of: (id) => ({ email: emailOf(id) }) },
    create: {
      field: 'createUser',
      input: (id, label) => ({ id, username: `user-${id}`, email: emailOf(id), profileData: { label } }),
    },
    change: { field: 'updateUser', input: (id, label) => ({ id, profileData: { label } }) },
  },
  {
    name: 'session',
    many: 'sessions',
    entity: { app: 'users', type: 'Session' },
    label: 'metadata',
    needs: { kind: 'user', field: 'userId' },
    filter: owned('SessionFilter', 'userId'),
    create: {
      field: 'createSession',
      input: (id, label) => ({ id, userId: id, sessionType: 'customer_care', metadata: { label } }),
    },
  },
  {
    name: 'document',
    entity: { app: 'documents', type: 'Document' },
    one: 'document',
    many: 'documents',
    label: 'title',
    isSearchable: true,
    filter: owned('DocumentFilter', 'ownerId'),
    create: { field: 'uploadDocument', input: (id, title) => ({ id, title, ownerId: id, text: title }) },
    change: { field: 'updateDocument', input: (id, title) => ({ id, title }) },
    remove: { field: 'deleteDocument', input: (id) => ({ id }) },
  },
  {
    name: 'folder',
    entity: { app: 'documents', type: 'Folder' },
    one: 'folder',
    many: 'folders',
    label: 'name',
    isSearchable: true,
    filter: owned('FolderFilter', 'ownerId'),
    create: { field: 'createFolder', input: (id, name) => ({ id, ownerId: id, name }) },
  },
  {
    name: 'event',
    entity: { app: 'analytics', type: 'TrackedEvent' },
    many: 'trackedEvents',
    label: 'properties',
    filter: owned('TrackedEventFilter', 'customerId'),
    create: {
      field: 'trackEvent',
      input: (id, label) => ({ id, customerId: id, type: 'SHARED', properties: { label } }),
    },
  },
];

/** The label in the value of a kind's label field, which is a text or an object that holds one. */
export function labelIn(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? (value as { label?: unknown }).label : value;
}
