import { element } from './element.ts';

/** As many sentences as the log of an app keeps. */
const logged = 30;

/** What happened to an app, the newest first, each with its time. */
export function createEventLog() {
  const list = element('ol', {});
  const box = element('div', { class: 'log', role: 'log', 'aria-label': 'What happened', tabindex: '0' }, list);
  let last = '';
  return {
    box,
    /** Adds a sentence, unless it is the newest one again: what is tried over and over fails in one way. */
    add(sentence: string, kind?: 'bad') {
      if (sentence === last) return;
      last = sentence;
      const time = new Date().toLocaleTimeString(undefined, { hour12: false });
      list.prepend(element('li', { class: kind }, element('time', {}, time), element('span', {}, sentence)));
      while (list.children.length > logged) list.lastElementChild?.remove();
    },
  };
}
