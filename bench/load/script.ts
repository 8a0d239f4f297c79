import { type ChildProcess, fork } from 'node:child_process';

/** Starts a script of ours as a process of its own, without the settings of this one. */
export function startScript(script: URL, args: readonly string[] = []): ChildProcess {
  return fork(script, args, { env: { PATH: process.env.PATH, NODE_ENV: 'production' } });
}

/** The next message of a process of ours; rejects when it ends instead. */
export function nextMessage<Message>(child: ChildProcess): Promise<Message> {
  const { promise, resolve, reject } = Promise.withResolvers<Message>();
  const onExit = (code: number | null) => reject(new Error(`${child.spawnargs.at(-1)} ended with ${code}.`));
  child.once('exit', onExit);
  child.once('message', (message) => {
    child.off('exit', onExit);
    resolve(message as Message);
  });
  return promise;
}
