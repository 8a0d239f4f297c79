/** A setting that is unknown or has a value it cannot have. The message names it and what is allowed. */
export class SettingError extends Error {}
