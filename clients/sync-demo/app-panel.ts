import { createClient, createMemoryStorage, type Fields, openIndexedDbStorage, type Storage } from '../sdk/index.ts';
import type { DemoApp } from './config.ts';
import { element } from './element.ts';
import { createEventLog } from './event-log.ts';
import { createLeadForm } from './lead-form.ts';
import { createLeadList } from './lead-list.ts';
import { createNetworkBar } from './network-bar.ts';
import { createNews, type EditTimes } from './news.ts';
import { createRefusedList, describeRefusal } from './refused-list.ts';

/** One app: a client of its own, a form, a list, a switch and a log. `times` are those of all apps of the page. */
export async function openAppPanel(app: DemoApp, endpoint: string, times: EditTimes): Promise<HTMLElement> {
  const { title, role, key } = app;
  const name = title.toLowerCase().replaceAll(' ', '-');
  const { storage, note } = await openStorage(`sync-demo ${name}`);
  const client = createClient({ url: new URL(endpoint, location.href).href, key, app: app.app, storage });
  const log = createEventLog();
  client.on('rejected', (mutation) => log.add(describeRefusal(mutation), 'bad'));
  client.on('conflict', (mutation) => log.add(describeRefusal(mutation), 'bad'));
  client.on('failure', ({ message }) => log.add(message, 'bad'));
  const sync = await client.sync(['Lead']);

  const news = createNews(times);
  const network = createNetworkBar(client, sync);
  const refused = createRefusedList(sync);
  /** Does what the user wants; a storage that is full is told. */
  const edit = async (id: string | undefined, patch: Fields) => {
    const since = performance.now();
    try {
      news.edited(await sync.put('Lead', id, patch), since);
    } catch (error) {
      log.add(error instanceof Error ? error.message : String(error), 'bad');
    }
  };
  const leads = createLeadList(sync, (lead, status) => edit(lead.id, { status }));
  const show = () => {
    for (const sentence of news.since(sync.list('Lead'), sync.loaded)) log.add(sentence);
    for (const part of [leads, network, refused]) part.render();
  };
  client.on('records', show);
  client.on('pending', network.render);
  client.on('online', (online) => {
    network.render();
    log.add(online ? 'On line' : 'Off line');
  });
  show();

  const heading = element('h2', { id: `${name}-title` }, title, element('small', {}, role));
  return element(
    'section',
    { 'aria-labelledby': `${name}-title`, id: name },
    element('div', { class: 'bar' }, heading, network.status, network.button),
    ...note,
    createLeadForm(name, (lead) => edit(undefined, lead)),
    refused.box,
    element('div', { class: 'list-head' }, element('h3', {}, 'Leads'), leads.count),
    leads.empty,
    leads.list,
    element('h3', {}, 'What happened'),
    log.box,
  );
}

/** The browser's storage, or memory where the browser allows none. */
async function openStorage(
  name: string,
): Promise<{ readonly storage: Storage; readonly note: readonly HTMLElement[] }> {
  try {
    return { storage: await openIndexedDbStorage(name), note: [] };
  } catch {
    const text = 'This browser keeps nothing for this page: what waits is gone when the page is closed.';
    return { storage: createMemoryStorage(), note: [element('p', { class: 'note' }, text)] };
  }
}
