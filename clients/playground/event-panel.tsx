import { memo, useState, useSyncExternalStore } from 'react';
import type { EventLog, EventLogView, LoggedEvent } from './event-log.ts';

/** How many rows are added to the page at a time; all events are kept, whatever is on display. */
const pageSize = 200;

/** The list of every event of every subscription, newest first. Takes no room until a subscription was run. */
export function EventPanel({ log }: { readonly log: EventLog }) {
  const view = useSyncExternalStore(log.subscribe, log.view);
  if (view.events.length === 0 && view.running === 0) return null;
  return (
    <section className="event-panel" aria-label="Subscription events">
      <EventPanelHeader log={log} view={view} />
      {view.shown === 0 ? <p className="event-panel-empty">{emptyText(view)}</p> : <EventList view={view} />}
    </section>
  );
}

function EventPanelHeader({ log, view }: { readonly log: EventLog; readonly view: EventLogView }) {
  const held = view.events.length - view.shown;
  return (
    <header className="event-panel-header">
      <h2>Events</h2>
      <output className="event-count" aria-label="Events received">
        {view.events.length}
      </output>
      <span className={view.running > 0 ? 'event-state live' : 'event-state'}>
        {view.running > 0 ? 'Listening' : 'Ended'}
      </span>
      {view.paused && <span className="event-held">{held} held back</span>}
      <button type="button" aria-pressed={view.paused} onClick={() => log.setPaused(!view.paused)}>
        {view.paused ? 'Resume' : 'Pause'}
      </button>
      <button type="button" onClick={log.clear}>
        Clear
      </button>
    </header>
  );
}

function EventList({ view }: { readonly view: EventLogView }) {
  const [pages, setPages] = useState(1);
  const first = Math.max(0, view.shown - pages * pageSize);
  return (
    <ol className="event-list" reversed start={view.shown}>
      {view.events
        .slice(first, view.shown)
        .reverse()
        .map((event) => (
          <EventRow key={event.number} event={event} />
        ))}
      {first > 0 && (
        <li className="event-more">
          <button type="button" onClick={() => setPages(pages + 1)}>
            Show older events ({first} more)
          </button>
        </li>
      )}
    </ol>
  );
}

const EventRow = memo(function EventRow({ event }: { readonly event: LoggedEvent }) {
  const [open, setOpen] = useState(false);
  return (
    <li className="event-row">
      <details onToggle={(toggled) => setOpen(toggled.currentTarget.open)}>
        <summary>
          <span className="event-number">{event.number}</span>
          <time dateTime={event.at.toISOString()}>{timeOfDay(event.at)}</time>
          <span className="event-operation">{event.operation}</span>
          <code>{preview(event.payload)}</code>
        </summary>
        {open && <pre>{JSON.stringify(event.payload, null, 2)}</pre>}
      </details>
    </li>
  );
});

function emptyText({ events, running }: EventLogView): string {
  if (events.length > 0) return 'Paused. New events are kept and appear when you resume.';
  return running > 0 ? 'Waiting for the first event.' : 'No events.';
}

function timeOfDay(at: Date): string {
  return `${at.toLocaleTimeString('en-GB')}.${String(at.getMilliseconds()).padStart(3, '0')}`;
}

/** The event on one line, without the wrappers that all events of a subscription have in common. */
function preview(payload: unknown): string {
  let inner = payload;
  for (let keys = keysOf(inner); keys.length === 1; keys = keysOf(inner)) inner = Object.values(inner as object)[0];
  return JSON.stringify(inner).slice(0, 300);
}

function keysOf(value: unknown): readonly string[] {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.keys(value) : [];
}
