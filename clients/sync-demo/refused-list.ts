import type { RefusedMutation, Sync } from '../sdk/index.ts';
import { element } from './element.ts';
import { nameOf } from './leads.ts';

/** The edits that were not applied, and why, until the user has seen them. It is not there when there are none. */
export function createRefusedList(sync: Sync) {
  const list = element('ul', {});
  const box = element('div', { class: 'refused', role: 'group', 'aria-label': 'Not accepted', hidden: true }, list);

  function renderOne(mutation: RefusedMutation): HTMLLIElement {
    const seen = element('button', { type: 'button', class: 'second' }, 'Dismiss');
    seen.addEventListener('click', () => void sync.dismiss(mutation));
    return element('li', {}, element('span', {}, describeRefusal(mutation)), seen);
  }

  return {
    box,
    render() {
      const refused = sync.refused();
      box.hidden = refused.length === 0;
      // Anew only when there are others: the keyboard may be on one of the buttons.
      const shown = refused.map(({ place }) => place).join();
      if (list.dataset.shown === shown) return;
      list.dataset.shown = shown;
      list.replaceChildren(...refused.map(renderOne));
    },
  };
}

/** One sentence about an edit that was not applied. */
export function describeRefusal({ patch = {}, message, code, status }: RefusedMutation): string {
  const what = nameOf(patch) || Object.keys(patch).join(', ');
  const reason = message ?? code ?? 'no reason given';
  return status === 'CONFLICT'
    ? `Changed by somebody else meanwhile: ${what}. ${reason}`
    : `Not accepted: ${what}. ${reason}`;
}
