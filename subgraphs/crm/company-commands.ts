import { z } from 'zod';
import type { CreateCompanyInput, UpdateCompanyInput } from '../../generated/graphql/crm.ts';
import { newEntityId } from '../../kernel/data/entity-id.ts';
import { type ConstraintMeanings, runCommand } from '../../kernel/subgraph/command.ts';
import { baseVersion, type CommandResult, done, entityId, parseInput } from '../../kernel/subgraph/input.ts';
import { companyChange } from './changes.ts';
import { clearable, domain, kept, optional, title } from './input-fields.ts';
import type { CrmContext } from './loaders.ts';
import { type RecordKind, readToChange } from './record-to-change.ts';
import { changeCompany, insertCompany } from './store/companies.ts';
import type { CompanyModel } from './store.ts';

const createCompanyInput = z.object({
  id: entityId().nullish(),
  name: title(),
  domain: optional(domain()),
});

const updateCompanyInput = z.object({
  id: entityId(),
  baseVersion: baseVersion().nullish(),
  name: kept(title()),
  domain: clearable(domain()),
});

/** What it means to the sender of an input when a constraint of the tables refuses a write. */
const companyConstraints = {
  companies_pkey: { code: 'CONFLICT', field: 'id', message: 'This id is taken.' },
  companies_domain_key: { code: 'CONFLICT', field: 'domain', message: 'Another company has this domain.' },
} as const satisfies ConstraintMeanings;

const companyKind: RecordKind<CompanyModel> = { table: 'companies', noun: 'company' };

/** Creates a company. */
export async function createCompany(
  context: CrmContext,
  input: CreateCompanyInput,
): Promise<CommandResult<CompanyModel>> {
  const parsed = parseInput(createCompanyInput, input);
  if (!parsed.ok) return parsed;
  const { id, ...fields } = parsed.value;
  return runCommand(context, companyConstraints, async (tx, publish) => {
    const company = await insertCompany(tx, { ...fields, id: id ?? newEntityId() });
    publish(companyChange('COMPANY_CREATED', company));
    return done(company);
  });
}

/** Changes the given fields of a company. */
export async function updateCompany(
  context: CrmContext,
  input: UpdateCompanyInput,
): Promise<CommandResult<CompanyModel>> {
  const parsed = parseInput(updateCompanyInput, input);
  if (!parsed.ok) return parsed;
  const { id, baseVersion, ...change } = parsed.value;
  return runCommand(context, companyConstraints, async (tx, publish) => {
    const current = await readToChange(tx, companyKind, { id, baseVersion });
    if (!current.ok) return current;
    const company = await changeCompany(tx, current.value, change);
    publish(companyChange('COMPANY_UPDATED', company));
    return done(company);
  });
}
