import { createClient, openIndexedDbStorage, type RefusedMutation, type Sync } from '../sdk/index.ts';
import type { DemoApp } from './config.ts';
import { element } from './element.ts';
import { createLeadList } from './lead-list.ts';
import { nameOf, newLead } from './leads.ts';
import { createNews } from './news.ts';

/** As many sentences as the log of an app keeps. */
const logged = 30;

/** One app: a client of its own, a form, a list, a switch and a log. */
export async function openAppPanel({ title, role, key, app }: DemoApp, endpoint: string): Promise<HTMLElement> {
  const name = title.toLowerCase().replaceAll(' ', '-');
  const storage = await openIndexedDbStorage(`sync-demo ${name}`);
  const client = createClient({ url: new URL(endpoint, location.href).href, key, app, storage });
  const log = createLog();
  client.on('rejected', (mutation) => log.add(`Not accepted: ${describe(mutation)}`));
  client.on('conflict', (mutation) => log.add(`Changed by somebody else meanwhile: ${describe(mutation)}`));
  client.on('failure', ({ message }) => log.add(message));
  const sync = await client.sync(['Lead']);

  const news = createNews();
  const leads = createLeadList(sync, (lead, status) => {
    news.edited(lead.id);
    void sync.put('Lead', lead.id, { status });
  });
  const status = createStatus(sync, () => client.online);
  const show = () => {
    for (const sentence of news.since(sync.list('Lead'), sync.loaded)) log.add(sentence);
    leads.render();
    status.render();
  };
  client.on('records', show);
  client.on('pending', status.render);
  client.on('online', (online) => {
    status.render();
    log.add(online ? 'On line' : 'Off line');
  });
  show();

  const networkSwitch = createSwitch((on) => (on ? client.goOnline() : client.goOffline()));
  const form = createForm(name, async (fullName, email) => {
    news.edited(await sync.put('Lead', undefined, newLead(fullName, email)));
  });
  const heading = element('h2', { id: `${name}-title` }, title, element('small', {}, role));
  return element(
    'section',
    { 'aria-labelledby': `${name}-title`, id: name },
    element('div', { class: 'bar' }, heading, status.line, networkSwitch),
    form,
    element('div', { class: 'list-head' }, element('h3', {}, 'Leads'), leads.count),
    leads.list,
    element('h3', {}, 'What happened'),
    log.list,
  );
}

function describe({ patch = {}, message, code }: RefusedMutation): string {
  return `${nameOf(patch) || Object.keys(patch).join(', ')} (${message ?? code ?? 'no reason given'})`;
}

function createStatus(sync: Sync, isOnline: () => boolean) {
  const line = element('p', { class: 'status', role: 'status' });
  return {
    line,
    render() {
      const waiting = sync.pending === 0 ? 'all sent' : `${sync.pending} waiting`;
      line.textContent = `${isOnline() ? 'on line' : 'off line'}, ${waiting}`;
      line.classList.toggle('online', isOnline());
    },
  };
}

function createSwitch(onTurn: (on: boolean) => void): HTMLButtonElement {
  const button = element('button', { type: 'button', role: 'switch', 'aria-checked': 'true' }, 'Network');
  button.addEventListener('click', () => {
    const on = button.getAttribute('aria-checked') !== 'true';
    button.setAttribute('aria-checked', String(on));
    onTurn(on);
  });
  return button;
}

function createForm(name: string, onSend: (fullName: string, email: string) => Promise<void>): HTMLFormElement {
  const fullName = element('input', {
    id: `${name}-name`,
    required: true,
    maxlength: '100',
    autocomplete: 'off',
    pattern: '.*\\S\\s+\\S.*',
    title: 'First name and last name',
  });
  const email = element('input', { id: `${name}-email`, type: 'email', required: true, autocomplete: 'off' });
  const form = element(
    'form',
    {},
    element('label', { for: fullName.id }, 'Name'),
    fullName,
    element('label', { for: email.id }, 'E-mail'),
    email,
    element('button', { type: 'submit' }, 'Add lead'),
  );
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [givenName, givenEmail] = [fullName.value, email.value];
    form.reset();
    fullName.focus();
    await onSend(givenName, givenEmail);
  });
  return form;
}

function createLog() {
  const list = element('ol', { class: 'log', role: 'log', 'aria-label': 'What happened' });
  return {
    list,
    add(sentence: string) {
      const time = new Date().toLocaleTimeString(undefined, { hour12: false });
      list.prepend(element('li', {}, element('time', {}, time), sentence));
      while (list.children.length > logged) list.lastElementChild?.remove();
    },
  };
}
