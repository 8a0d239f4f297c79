import { type SubmitEvent, useEffect, useId, useRef } from 'react';
import type { Identity } from './config.ts';
import type { Credentials } from './credentials.ts';

interface IdentityBarProps {
  readonly identities: readonly Identity[];
  readonly credentials: Credentials;
  readonly onChange: (credentials: Credentials) => void;
}

/** The form in which one chooses whom to act as: a ready-made identity, or a key of one's own. */
export function IdentityBar({ identities, credentials, onChange }: IdentityBarProps) {
  const chosen = identities.find(({ label }) => label === credentials.identity);
  return (
    <div className="identity-bar">
      {identities.length > 0 && (
        <IdentityPicker identities={identities} credentials={credentials} onChange={onChange} />
      )}
      {chosen === undefined && (
        <Field
          label="Key"
          hint="x-tenant-key"
          secret
          value={credentials.key}
          onCommit={(key) => onChange({ ...credentials, key })}
        />
      )}
      <Field
        label="App"
        hint="x-source-app"
        value={credentials.app}
        onCommit={(app) => onChange({ ...credentials, app })}
      />
      <p className={credentials.key === '' ? 'identity-summary' : 'identity-summary known'} role="status">
        {summary(chosen, credentials)}
      </p>
    </div>
  );
}

function IdentityPicker({ identities, credentials, onChange }: IdentityBarProps) {
  const id = useId();
  const choose = (label: string): void => {
    const found = identities.find((identity) => identity.label === label);
    if (found === undefined) onChange({ identity: undefined, key: '', app: credentials.app });
    else onChange({ identity: found.label, key: found.key, app: found.app });
  };
  return (
    <div className="identity-field">
      <label htmlFor={id}>Acting as</label>
      <select id={id} value={credentials.identity ?? ''} onChange={(event) => choose(event.currentTarget.value)}>
        {identities.map(({ label }) => (
          <option key={label} value={label}>
            {label}
          </option>
        ))}
        <option value="">Another key…</option>
      </select>
    </div>
  );
}

interface FieldProps {
  readonly label: string;
  readonly hint: string;
  readonly secret?: boolean;
  readonly value: string;
  readonly onCommit: (value: string) => void;
}

/** A text field whose value counts when it is left or entered, not at every keystroke: each change reads the schema. */
function Field({ label, hint, secret = false, value, onCommit }: FieldProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  // What is chosen elsewhere replaces what the field holds.
  useEffect(() => {
    if (input.current !== null) input.current.value = value;
  }, [value]);
  const commit = (text: string): void => {
    if (text.trim() !== value) onCommit(text.trim());
  };
  const submit = (event: SubmitEvent<HTMLFormElement>): void => {
    event.preventDefault();
    commit(String(new FormData(event.currentTarget).get('value') ?? ''));
  };
  return (
    <form className="identity-field" onSubmit={submit}>
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        ref={input}
        name="value"
        type={secret ? 'password' : 'text'}
        defaultValue={value}
        placeholder={hint}
        autoComplete="off"
        spellCheck={false}
        onBlur={(event) => commit(event.currentTarget.value)}
      />
    </form>
  );
}

function summary(chosen: Identity | undefined, { key }: Credentials): string {
  if (chosen !== undefined) return chosen.description;
  return key === '' ? 'No key: requests are anonymous.' : 'Requests carry your key. It stays in this browser tab.';
}
