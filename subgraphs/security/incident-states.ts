import type { IncidentStatus } from '../../generated/graphql/security.ts';

/** What can be done with an incident: from which state it leads to which, and what that is called. */
export const incidentSteps = {
  acknowledge: { from: 'REPORTED', to: 'ACKNOWLEDGED', done: 'acknowledged' },
  resolve: { from: 'ACKNOWLEDGED', to: 'RESOLVED', done: 'resolved' },
} as const satisfies Readonly<Record<string, { from: IncidentStatus; to: IncidentStatus; done: string }>>;

export type IncidentStep = keyof typeof incidentSteps;

/** Why an incident in some state does not take a step. */
export function refusalOfStep(step: IncidentStep, status: IncidentStatus): string {
  const { from, done } = incidentSteps[step];
  const next = Object.values(incidentSteps).find((one) => one.from === status)?.done;
  const hint = next ? `; it can be ${next}` : '';
  return `The incident is ${status}, and only one that is ${from} can be ${done}${hint}.`;
}
