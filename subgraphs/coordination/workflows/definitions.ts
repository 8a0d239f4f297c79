import { reportWorkflow } from '../reports/report-workflow.ts';
import type { Workflow, Workflows } from './definition.ts';
import { eraseCustomer } from './erase-customer.ts';
import { exportCustomer } from './export-customer.ts';
import { leadToContact } from './lead-to-contact.ts';
import { onboardUser } from './onboard-user.ts';
import { runBackup } from './run-backup.ts';
import { runComplianceAudit } from './run-compliance-audit.ts';
import { runDataPipeline } from './run-data-pipeline.ts';

const definitions: readonly Workflow[] = [
  onboardUser,
  runDataPipeline,
  runComplianceAudit,
  leadToContact,
  exportCustomer,
  eraseCustomer,
  reportWorkflow,
  runBackup,
];

/** Every workflow of the platform, by its name. */
export const workflows: Workflows = new Map(definitions.map((one) => [one.name, one]));
