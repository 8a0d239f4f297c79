import { z } from 'zod';
import { done } from '../../../../kernel/subgraph/input.ts';
import { sayHowMany, sayList, sayMoney } from '../phrases.ts';
import { defineVoiceCommand, limit, oneOf, phrase } from '../voice-command.ts';

const getDealsDocument = `query ($first: Int, $filter: DealFilter, $search: String) {
  deals(first: $first, filter: $filter, search: $search) {
    totalCount nodes { id title stage amount currency expectedCloseOn closedAt createdAt }
  }
}`;

interface Deal {
  readonly title: string;
  readonly amount: number;
  readonly currency: string;
}

interface DealsAnswer {
  readonly deals: { readonly totalCount: number; readonly nodes: readonly Deal[] };
}

const titlesRead = 3;

/** What deals are worth together, by currency: amounts of different ones are never added. */
function sayWorth(deals: readonly Deal[]): string {
  const sums = new Map<string, number>();
  for (const { amount, currency } of deals) sums.set(currency, (sums.get(currency) ?? 0) + amount);
  return sayList([...sums].map(([currency, amount]) => sayMoney(amount, currency)));
}

/** The newest deals and what they are worth. */
export const getDeals = defineVoiceCommand({
  name: 'get_deals',
  description: 'finds deals',
  parameters: z.strictObject({
    stage: oneOf(['OPEN', 'PROPOSAL', 'NEGOTIATION', 'WON', 'LOST']).nullish(),
    search: phrase().nullish(),
    limit: limit(),
  }),
  need: { anyOf: [['read:deals']] },
  async run({ query }, { stage, search, limit }) {
    const variables = { first: limit, filter: stage ? { stage: [stage] } : {}, search };
    const { deals } = await query<DealsAnswer>('crm', getDealsDocument, variables);
    const { nodes, totalCount } = deals;
    const noun = stage ? `${stage.toLowerCase()} deal` : 'deal';
    const counted = `There ${totalCount === 1 ? 'is' : 'are'} ${sayHowMany(totalCount, noun)}`;
    const newest = totalCount > nodes.length ? `; the newest ${sayHowMany(nodes.length, 'deal')} are` : ',';
    const summary = nodes.length === 0 ? `${counted}.` : `${counted}${newest} worth ${sayWorth(nodes)}.`;
    const titles = nodes.slice(0, titlesRead).map(({ title, amount, currency }) => {
      return `${title} for ${sayMoney(amount, currency)}`;
    });
    const details =
      nodes.length === 0 ? undefined : `The newest ${titles.length === 1 ? 'is' : 'are'} ${sayList(titles)}.`;
    return done({ data: { deals: nodes, totalCount }, summary, details });
  },
});
