import type { Client, Sync } from '../sdk/index.ts';
import { element } from './element.ts';

/** How an app stands to the network, and the switch that takes the network from it. */
export function createNetworkBar(client: Client, sync: Sync) {
  const status = element('p', { class: 'status', role: 'status' });
  const button = element('button', { type: 'button', role: 'switch', 'aria-checked': 'true' }, 'Network');
  button.addEventListener('click', () => {
    const on = button.getAttribute('aria-checked') !== 'true';
    button.setAttribute('aria-checked', String(on));
    if (on) client.goOnline();
    else client.goOffline();
  });
  return {
    status,
    button,
    render() {
      const waiting = sync.pending === 0 ? 'all sent' : `${sync.pending} waiting`;
      const text = `${client.online ? 'on line' : 'off line'}, ${waiting}`;
      // A text that is set anew is read out anew.
      if (status.textContent !== text) status.textContent = text;
      status.classList.toggle('online', client.online);
    },
  };
}
