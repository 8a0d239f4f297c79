/** A supergraph cannot be read, or cannot be served. The message is for operators and complete: it says where and why. */
export class SupergraphError extends Error {
  override readonly name = 'SupergraphError';
}
