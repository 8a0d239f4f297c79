import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Browser } from 'playwright-core';
import { launchBrowser, newPage } from '../support/browser.ts';
import { type DemoPlatform, startDemoPlatform } from '../support/platform.ts';

describe('a frontend developer in the playground', () => {
  let platform: DemoPlatform;
  let browser: Browser;

  beforeAll(async () => {
    platform = await startDemoPlatform();
    browser = await launchBrowser();
  }, 90_000);

  afterAll(async () => {
    await browser?.close();
    await platform?.stop();
  });

  test('opens it with every other host blocked and runs the prepared query at once', async () => {
    const { page, foreignRequests, complaints } = await newPage(browser, platform.url);
    await page.goto(platform.url);
    // The editor has read the schema and shows the prepared query.
    await page.locator('.graphiql-query-editor .view-line').filter({ hasText: 'customer360' }).first().waitFor();
    await page.getByRole('button', { name: /^Execute query/ }).click();
    await page.locator('.result-window .view-lines').filter({ hasText: '"behaviorScore": 82' }).waitFor();
    expect(foreignRequests).toEqual([]);
    expect(complaints).toEqual([]);
  }, 120_000);

  test('follows what happens in the tenant, over the WebSocket of the platform', async () => {
    const { page, complaints } = await newPage(browser, platform.url);
    await page.goto(platform.url);
    await page.locator('.graphiql-query-editor .view-line').filter({ hasText: 'customer360' }).first().waitFor();
    await page.getByTitle('Changes', { exact: true }).click();
    await page.locator('.graphiql-query-editor .view-line').filter({ hasText: 'subscription Changes' }).waitFor();
    await page.getByRole('button', { name: /^Execute query/ }).click();
    const events = page.getByRole('region', { name: 'Subscription events' }).locator('details');
    // The first says where the feed begins.
    await events.first().waitFor();
    await platform.post(
      'mutation { createLead(input: {firstName: "S", lastName: "L", email: "seen@example.com"}) { lead { id } } }',
    );
    await events.filter({ hasText: 'LEAD_CREATED' }).first().waitFor();
    expect(complaints).toEqual([]);
  }, 120_000);
});
