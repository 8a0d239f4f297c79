import { accountsResolvers, accountsSdl } from './marketplace/accounts.ts';
import { inventoryResolvers, inventorySdl } from './marketplace/inventory.ts';
import { pricingResolvers, pricingSdl } from './marketplace/pricing.ts';
import { productsResolvers, productsSdl } from './marketplace/products.ts';
import { reviewsResolvers, reviewsSdl } from './marketplace/reviews.ts';
import { createTestSubgraph, type TestSubgraph } from './subgraph.ts';

/**
 * Five subgraphs with most of what Federation 2 knows: a marketplace of books and gadgets.
 *
 * Left out, because the stock gateway is wrong there and these are compared with it: fields of one name that are nullable
 * in one type and not in another. The planner gives them aliases, which the stock gateway does not take back from nulls.
 */
export function createMarketplace(): readonly TestSubgraph[] {
  return [
    createTestSubgraph('accounts', accountsSdl, accountsResolvers),
    createTestSubgraph('products', productsSdl, productsResolvers),
    createTestSubgraph('reviews', reviewsSdl, reviewsResolvers),
    createTestSubgraph('inventory', inventorySdl, inventoryResolvers),
    createTestSubgraph('pricing', pricingSdl, pricingResolvers),
  ];
}
