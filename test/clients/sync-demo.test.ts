import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { type Client, createClient, type RefusedMutation, type Sync } from '../../clients/sdk/index.ts';
import { launchBrowser, newPage, type WatchedPage } from '../support/browser.ts';
import { eventually } from '../support/eventually.ts';
import { type DemoPlatform, startDemoPlatform } from '../support/platform.ts';
import { makeSdkProject, readmeSnippets } from '../support/sdk-project.ts';

let platform: DemoPlatform;
let browser: Browser;

beforeAll(async () => {
  platform = await startDemoPlatform();
  browser = await launchBrowser();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await platform?.stop();
});

/** How many leads have an e-mail address, as the platform knows it. */
async function countLeads(email: string): Promise<number> {
  const { data } = await platform.post<{ leads: { nodes: unknown[] } }>(
    'query ($search: String) { leads(search: $search, first: 5) { nodes { id } } }',
    { search: email },
  );
  return data.leads.nodes.length;
}

describe('the page of the three apps', () => {
  let watched: WatchedPage;
  let context: BrowserContext;

  beforeEach(async () => {
    watched = await newPage(browser, platform.url);
    context = watched.page.context();
    watched.page.setDefaultTimeout(30_000);
  });

  afterEach(() => context.close());

  const panel = (page: Page, number: number) => page.getByRole('region', { name: `App ${number}` });
  const row = (page: Page, number: number, name: string) =>
    panel(page, number)
      .getByRole('listitem')
      .filter({ hasText: name })
      .filter({ has: page.getByRole('combobox') });

  async function open(page: Page): Promise<void> {
    await page.goto(`${platform.url}/demo/sync`);
    for (const number of [1, 2, 3])
      await panel(page, number)
        .getByText(/^\d+ leads$/)
        .waitFor();
  }

  /** Adds a lead with the keyboard alone. */
  async function add(page: Page, number: number, name: string, email: string): Promise<void> {
    await panel(page, number).getByLabel('Name').focus();
    await page.keyboard.type(name);
    await page.keyboard.press('Tab');
    await page.keyboard.type(email);
    await page.keyboard.press('Enter');
    await row(page, number, name).waitFor();
  }

  test('what one app sends, the others have at once, with nothing loaded from elsewhere', async () => {
    const { page } = watched;
    await open(page);
    await add(page, 1, 'John Doe', 'john.doe@example.com');
    for (const number of [2, 3]) {
      await row(page, number, 'John Doe').waitFor();
      await panel(page, number).getByText('Received: John Doe').waitFor();
    }
    await panel(page, 2).getByLabel('Status of John Doe').selectOption('qualified');
    for (const number of [1, 3]) await panel(page, number).getByText('Received: John Doe is qualified').waitFor();
    expect(watched.foreignRequests).toEqual([]);
    expect(watched.complaints).toEqual([]);
  }, 90_000);

  test('what an app does off line waits, also over a reload, and flows when it is back', async () => {
    const { page } = watched;
    await open(page);
    await panel(page, 1).getByRole('switch', { name: 'Network' }).press('Space');
    await add(page, 1, 'Off Line', 'off.line@example.com');
    await panel(page, 1).getByText('off line, 1 waiting').waitFor();
    await add(page, 2, 'Mean While', 'mean.while@example.com');
    await row(page, 3, 'Mean While').waitFor();
    expect(await row(page, 1, 'Mean While').count()).toBe(0);
    expect(await countLeads('off.line@example.com')).toBe(0);

    await page.reload();
    for (const number of [2, 3]) await row(page, number, 'Off Line').waitFor();
    await row(page, 1, 'Mean While').waitFor();
    await panel(page, 1).getByText('on line, all sent').waitFor();
    expect(await countLeads('off.line@example.com')).toBe(1);
  }, 90_000);

  test('a browser that loses its network and gets it back needs nobody to tell it', async () => {
    const { page } = watched;
    const other = await context.newPage();
    for (const tab of [page, other]) await open(tab);
    await context.setOffline(true);
    for (const tab of [page, other]) {
      for (const number of [1, 2, 3]) await panel(tab, number).getByText('off line, all sent').waitFor();
    }
    await add(page, 1, 'Net Gone', 'net.gone@example.com');
    for (const tab of [page, other]) await panel(tab, 1).getByText('off line, 1 waiting').waitFor();
    await context.setOffline(false);
    for (const tab of [page, other]) {
      for (const number of [1, 2, 3]) await panel(tab, number).getByText('on line, all sent').waitFor();
      await row(tab, 3, 'Net Gone').waitFor();
    }
    expect(await countLeads('net.gone@example.com')).toBe(1);
  }, 90_000);

  test('a narrow page, in a browser that keeps nothing, says so, and tells what was not accepted until that was seen', async () => {
    const { page } = watched;
    await page.setViewportSize({ width: 390, height: 844 });
    await page.addInitScript("Object.defineProperty(globalThis, 'indexedDB', { value: undefined })");
    await open(page);
    await panel(page, 1).getByText('This browser keeps nothing').waitFor();
    await panel(page, 1).getByLabel('Name').fill('No Address');
    await panel(page, 1).getByLabel('E-mail').fill('none@nowhere');
    await page.keyboard.press('Enter');
    const refused = panel(page, 1).getByRole('group', { name: 'Not accepted' });
    await refused.getByText('This is not an e-mail address.').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
    await refused.getByRole('button', { name: 'Dismiss' }).press('Enter');
    await refused.waitFor({ state: 'hidden' });
    await panel(page, 1).getByRole('button', { name: 'Add an example' }).press('Enter');
    await panel(page, 2).getByText('Received:').waitFor();
  }, 90_000);

  test('two tabs are one client: what both do is sent once, and either goes on alone', async () => {
    const { page } = watched;
    await open(page);
    const other = await context.newPage();
    other.setDefaultTimeout(30_000);
    await open(other);
    await add(page, 1, 'First Tab', 'first.tab@example.com');
    await add(other, 1, 'Second Tab', 'second.tab@example.com');
    for (const tab of [page, other]) {
      for (const name of ['First Tab', 'Second Tab']) await row(tab, 2, name).waitFor();
      await panel(tab, 1).getByText('on line, all sent').waitFor();
    }
    await page.close();
    await add(other, 1, 'Last Tab', 'last.tab@example.com');
    await row(other, 3, 'Last Tab').waitFor();
    for (const tab of ['first', 'second', 'last']) expect(await countLeads(`${tab}.tab@example.com`)).toBe(1);
  }, 90_000);
});

describe('a client on Node, with the platform', () => {
  let clients: Client[] = [];

  afterEach(async () => {
    for (const client of clients) await client.close();
    clients = [];
  });

  async function openLeads(
    key = 'demo-acme-admin',
  ): Promise<{ client: Client; sync: Sync; refused: RefusedMutation[] }> {
    const client = createClient({ url: `${platform.url}/graphql`, key, app: 'crm-web' });
    clients.push(client);
    const refused: RefusedMutation[] = [];
    client.on('rejected', (mutation) => refused.push(mutation));
    const sync = await client.sync(['Lead']);
    await eventually(() => sync.loaded);
    return { client, sync, refused };
  }

  test('does what its README begins with, in a project that has nothing but the package', async () => {
    const project = await makeSdkProject();
    const [quickStart = ''] = await readmeSnippets();
    try {
      await project.write('quick-start.ts', quickStart.replace('http://127.0.0.1:4000', platform.url));
      expect(await project.run('quick-start.ts')).toMatch(/^health 85\nnew lead \S+\n$/);
    } finally {
      await project.remove();
    }
  }, 60_000);

  test('two that change one record while apart come to the same, and keep what both did', async () => {
    const [one, other] = [await openLeads(), await openLeads()];
    const id = await one.sync.put('Lead', undefined, {
      firstName: 'Ada',
      lastName: 'Byron',
      email: 'ada.sdk@example.com',
      source: 'field',
    });
    await eventually(() => other.sync.get('Lead', id) !== undefined);
    one.client.goOffline();
    await one.sync.put('Lead', id, { status: 'QUALIFIED' });
    await other.sync.put('Lead', id, { company: 'Analytical Engines' });
    await eventually(() => other.sync.pending === 0);
    one.client.goOnline();
    const both = { status: 'QUALIFIED', company: 'Analytical Engines', firstName: 'Ada' };
    for (const { sync } of [one, other]) {
      await eventually(() => sync.pending === 0 && sync.get('Lead', id)?.version === 3);
      expect(sync.get('Lead', id)?.data).toMatchObject(both);
    }
  }, 60_000);

  test('an edit against a rule is told and does not hold up the next; the server is told that it was seen', async () => {
    const { client, sync, refused } = await openLeads();
    await sync.put('Lead', undefined, { firstName: 'No', lastName: 'Address', email: 'none', source: 'field' });
    const id = await sync.put('Lead', undefined, {
      firstName: 'With',
      lastName: 'Address',
      email: 'with.address@example.com',
      source: 'field',
    });
    await eventually(() => sync.pending === 0);
    expect(sync.get('Lead', id)?.version).toBe(1);
    expect(refused).toMatchObject([{ status: 'REJECTED', code: 'BAD_USER_INPUT', field: 'email' }]);
    const rejections = async () => {
      const query = 'query ($id: ID!) { syncStatus(clientId: $id) { rejections { id } } }';
      const { data } = await client.query<{ syncStatus: { rejections: unknown[] } }>(query, {
        id: refused[0]?.clientId,
      });
      return data.syncStatus.rejections.length;
    };
    expect(await rejections()).toBe(1);
    if (refused[0]) await sync.dismiss(refused[0]);
    expect(await rejections()).toBe(0);
  }, 60_000);

  test('who may only read is told so, and reads on', async () => {
    const [reader, writer] = [await openLeads('demo-acme-readonly'), await openLeads()];
    await reader.sync.put('Lead', undefined, { firstName: 'Not', lastName: 'Mine', email: 'not@example.com' });
    await eventually(() => reader.refused.length > 0);
    expect(reader.refused).toMatchObject([{ code: 'FORBIDDEN' }]);
    const id = await writer.sync.put('Lead', undefined, {
      firstName: 'Read',
      lastName: 'On',
      email: 'read.on@example.com',
      source: 'field',
    });
    await eventually(() => reader.sync.get('Lead', id) !== undefined);
    expect(reader.sync.pending).toBe(0);
  }, 60_000);
});
