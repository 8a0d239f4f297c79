/**
 * Reading and writing keys that come from clients and subgraphs. A response name may be `__proto__` or `constructor`,
 * and an object that was parsed from JSON has a prototype; only own properties count.
 */

/** Objects of any origin: parsed JSON, results of an in-process subgraph, our own. */
export type DataObject = Record<string, unknown>;

/** Tells whether a value is an object that can have fields: not null, not a list. */
export function isDataObject(value: unknown): value is DataObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of an own property; undefined when there is none. */
export function ownValue(object: DataObject, key: string): unknown {
  const value = object[key];
  // All that an object inherits are functions and `__proto__`; asking for each key twice would cost as much again.
  if (typeof value !== 'function' && key !== '__proto__') return value;
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Makes or replaces an own property, also where assignment would reach the prototype. */
export function setOwnValue(object: DataObject, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    object[key] = value;
  }
}
