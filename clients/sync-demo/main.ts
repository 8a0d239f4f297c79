import { openAppPanel } from './app-panel.ts';
import { loadConfig } from './config.ts';
import { element } from './element.ts';

const main = document.querySelector('main');
try {
  const { endpoint, apps } = await loadConfig();
  main?.append(...(await Promise.all(apps.map((app) => openAppPanel(app, endpoint)))));
} catch (error) {
  main?.append(element('p', { role: 'alert' }, error instanceof Error ? error.message : String(error)));
}
