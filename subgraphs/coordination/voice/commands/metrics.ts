import { z } from 'zod';
import { makeTimeRange } from '../../../../kernel/data/time-range.ts';
import { done, refused } from '../../../../kernel/subgraph/input.ts';
import { sayHowMany, sayList, sayMoney, sayPercent } from '../phrases.ts';
import { defineVoiceCommand } from '../voice-command.ts';

const getMetricsDocument = `query ($of: [_Any!]!) {
  _entities(representations: $of) {
    ... on Metrics {
      leads { created conversionRate byStatus { status count } }
      deals { created won lost winRate revenue { currency amount count } pipeline { currency amount count } }
      activities { logged }
    }
  }
}`;

interface Worth {
  readonly currency: string;
  readonly amount: number;
}

interface MetricsAnswer {
  readonly _entities: readonly ({
    readonly leads: { readonly created: number; readonly conversionRate: number | null } | null;
    readonly deals: { readonly won: number; readonly revenue: Worth[]; readonly pipeline: Worth[] } | null;
  } | null)[];
}

const dayMillis = 86_400_000;

const sayWorth = (sums: readonly Worth[]) => sayList(sums.map(({ amount, currency }) => sayMoney(amount, currency)));

/** How the tenant does, in figures of the CRM. */
export const getMetrics = defineVoiceCommand({
  name: 'get_metrics',
  description: 'tells how leads and deals are doing',
  parameters: z.strictObject({
    days: z.coerce.number('This is a number.').int('This is a whole number.').min(1).max(366).default(30),
  }),
  need: { anyOf: [['read:metrics']] },
  async run({ query, now, timeZone }, { days }) {
    const { id, from, to } = makeTimeRange({ from: new Date(now.getTime() - days * dayMillis), to: now, timeZone });
    const answer = await query<MetricsAnswer>('crm', getMetricsDocument, { of: [{ __typename: 'Metrics', id }] });
    const figures = answer._entities[0];
    if (!figures?.leads || !figures.deals) return refused('NOT_FOUND', null, 'There are no figures of this time.');
    const { leads, deals } = figures;
    const rate = leads.conversionRate === null ? '' : `, of which ${sayPercent(leads.conversionRate)} are converted`;
    const revenue = deals.revenue.length === 0 ? '' : ` worth ${sayWorth(deals.revenue)}`;
    const pipeline = deals.pipeline.length === 0 ? '' : ` Open deals are worth ${sayWorth(deals.pipeline)}.`;
    const summary =
      `In the last ${days === 1 ? 'day' : sayHowMany(days, 'day')} there came ${sayHowMany(leads.created, 'lead')}` +
      `${rate}, and ${sayHowMany(deals.won, 'deal')} ${deals.won === 1 ? 'was' : 'were'} won${revenue}.${pipeline}`;
    return done({ data: { metrics: { from, to, timeZone, ...figures } }, summary });
  },
});
