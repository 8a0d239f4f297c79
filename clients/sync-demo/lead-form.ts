import type { Fields } from '../sdk/index.ts';
import { element } from './element.ts';
import { exampleLead, newLead } from './leads.ts';

/** Where the user of an app adds a lead: one of their own, or an example at the press of a button. */
export function createLeadForm(name: string, onAdd: (lead: Fields) => Promise<void>): HTMLFormElement {
  const fullName = element('input', {
    id: `${name}-name`,
    required: true,
    maxlength: '100',
    autocomplete: 'off',
    pattern: '.*\\S\\s+\\S.*',
    placeholder: 'Ada Byron',
    title: 'First name and last name',
  });
  const email = element('input', {
    id: `${name}-email`,
    type: 'email',
    required: true,
    autocomplete: 'off',
    placeholder: 'ada@example.com',
  });
  const example = element('button', { type: 'button', class: 'second' }, 'Add an example');
  const form = element(
    'form',
    {},
    element('label', { for: fullName.id }, 'Name'),
    fullName,
    element('label', { for: email.id }, 'E-mail'),
    email,
    element('div', { class: 'buttons' }, element('button', { type: 'submit' }, 'Add lead'), example),
  );
  example.addEventListener('click', () => void onAdd(exampleLead()));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const lead = newLead(fullName.value, email.value);
    form.reset();
    fullName.focus();
    void onAdd(lead);
  });
  return form;
}
