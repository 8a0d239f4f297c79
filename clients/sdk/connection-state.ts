/**
 * What the connection to the platform is doing.
 *
 * - `idle`: nobody wants it
 * - `connecting`: the socket is being opened
 * - `greeting`: the socket is open, the server has not accepted the credentials yet
 * - `live`: operations run
 * - `waiting`: it was lost; another attempt comes after a pause
 * - `offline`: switched off, by the user or because the machine has no network
 * - `refused`: the server does not want this client, and asking again would not change that
 * - `closed`: for good
 */
export type ConnectionState =
  | 'idle'
  | 'connecting'
  | 'greeting'
  | 'live'
  | 'waiting'
  | 'offline'
  | 'refused'
  | 'closed';

/** What happens to a connection. */
export type ConnectionEvent =
  /** An operation needs it. */
  | 'wanted'
  /** The last operation has ended. */
  | 'unwanted'
  | 'opened'
  | 'acknowledged'
  | 'lost'
  | 'refused'
  /** The pause is over. */
  | 'due'
  | 'switchedOff'
  /** Switched on again, with something to do. */
  | 'switchedOn'
  /** Switched on again, with nothing to do. */
  | 'switchedOnIdle'
  | 'closed';

type Transitions = Readonly<Record<ConnectionState, Readonly<Record<ConnectionEvent, ConnectionState>>>>;

/**
 * Every state with every event. An event that a row does not name leaves the state as it is: a socket tells of its
 * loss after it was let go, for one.
 */
export const transitions: Transitions = {
  idle: row('idle', { wanted: 'connecting', switchedOff: 'offline', closed: 'closed' }),
  connecting: row('connecting', {
    unwanted: 'idle',
    opened: 'greeting',
    lost: 'waiting',
    refused: 'refused',
    switchedOff: 'offline',
    closed: 'closed',
  }),
  greeting: row('greeting', {
    unwanted: 'idle',
    acknowledged: 'live',
    lost: 'waiting',
    refused: 'refused',
    switchedOff: 'offline',
    closed: 'closed',
  }),
  live: row('live', {
    unwanted: 'idle',
    lost: 'waiting',
    refused: 'refused',
    switchedOff: 'offline',
    closed: 'closed',
  }),
  waiting: row('waiting', {
    unwanted: 'idle',
    due: 'connecting',
    switchedOff: 'offline',
    switchedOn: 'connecting',
    switchedOnIdle: 'idle',
    closed: 'closed',
  }),
  offline: row('offline', { switchedOn: 'connecting', switchedOnIdle: 'idle', closed: 'closed' }),
  refused: row('refused', { wanted: 'connecting', switchedOff: 'offline', closed: 'closed' }),
  closed: row('closed', {}),
};

function row(
  state: ConnectionState,
  leaves: Partial<Record<ConnectionEvent, ConnectionState>>,
): Readonly<Record<ConnectionEvent, ConnectionState>> {
  const stay: Readonly<Record<ConnectionEvent, ConnectionState>> = {
    wanted: state,
    unwanted: state,
    opened: state,
    acknowledged: state,
    lost: state,
    refused: state,
    due: state,
    switchedOff: state,
    switchedOn: state,
    switchedOnIdle: state,
    closed: state,
  };
  return { ...stay, ...leaves };
}

/** States in which a socket is held. */
export function holdsSocket(state: ConnectionState): boolean {
  return state === 'connecting' || state === 'greeting' || state === 'live';
}
