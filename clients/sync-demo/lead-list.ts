import type { LocalRecord, Sync } from '../sdk/index.ts';
import { element } from './element.ts';
import { nameOf, newestFirst, statuses } from './leads.ts';

/** As many leads as a column shows. */
const shown = 6;

/** The newest leads of an app. What has changed since the last time is marked for a moment. */
export function createLeadList(sync: Sync, onEdit: (lead: LocalRecord, status: string) => unknown) {
  const list = element('ul', { class: 'leads' });
  const count = element('span', { class: 'count' });
  const empty = element('p', { class: 'empty' });
  /** Whether the first records were shown: those are not fresh. */
  let settled = false;
  const rows = new Map<string, { readonly row: HTMLLIElement; readonly text: string }>();

  function renderRow(lead: LocalRecord): HTMLLIElement {
    const name = nameOf(lead.data);
    const waiting = lead.pending > 0;
    const known: readonly string[] = statuses;
    const status = String(lead.data.status ?? 'NEW');
    const isSettled = !known.includes(status);
    const choice = element('select', { 'aria-label': `Status of ${name}`, disabled: isSettled });
    for (const value of isSettled ? [status] : known) {
      choice.append(element('option', { value, selected: value === status }, value.toLowerCase()));
    }
    choice.addEventListener('change', () => onEdit(lead, choice.value));
    return element(
      'li',
      { class: waiting ? 'waiting' : undefined, 'data-id': lead.id },
      element('div', {}, element('strong', {}, name), element('small', {}, String(lead.data.email ?? ''))),
      element('span', { class: 'mark' }, waiting ? 'waiting' : ''),
      choice,
    );
  }

  return {
    list,
    empty,
    count,
    /** Shows what there is now, touching only the rows that differ, so that the keyboard stays where it is. */
    render() {
      const leads = newestFirst(sync.list('Lead'));
      count.textContent = sync.loaded ? `${leads.length} leads` : 'loading …';
      empty.hidden = leads.length > 0;
      empty.textContent = sync.loaded ? 'No leads yet: add the first one.' : 'The leads are being loaded.';
      const visible = leads.slice(0, shown).map((lead) => {
        const text = JSON.stringify([lead.data, lead.pending > 0]);
        const before = rows.get(lead.id);
        if (before?.text === text) return before.row;
        const row = renderRow(lead);
        const focused = before?.row.contains(document.activeElement);
        before?.row.replaceWith(row);
        if (focused) row.querySelector('select')?.focus();
        rows.set(lead.id, { row, text });
        row.classList.toggle('fresh', settled);
        return row;
      });
      const kept = new Set(visible);
      settled = sync.loaded;
      for (const row of [...list.children]) if (!kept.has(row as HTMLLIElement)) row.remove();
      visible.forEach((row, place) => {
        if (list.children[place] !== row) list.insertBefore(row, list.children[place] ?? null);
      });
    },
  };
}
