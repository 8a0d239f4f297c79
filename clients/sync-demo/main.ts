import { openAppPanel } from './app-panel.ts';
import { loadConfig } from './config.ts';
import { element } from './element.ts';
import type { EditTimes } from './news.ts';

const main = document.querySelector('main');
try {
  const { endpoint, apps } = await loadConfig();
  const times: EditTimes = new Map();
  main?.replaceChildren(...(await Promise.all(apps.map((app) => openAppPanel(app, endpoint, times)))));
} catch (error) {
  const reason = error instanceof Error ? error.message : String(error);
  main?.replaceChildren(element('p', { class: 'note', role: 'alert' }, reason));
}
