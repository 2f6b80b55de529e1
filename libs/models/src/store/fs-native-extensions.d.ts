declare module 'fs-native-extensions' {
  /**
   * Takes an open-file-description lock on a whole file; false when another holder is in the way. It belongs to the
   * descriptor, so two opens within one process exclude each other, and it is gone when the descriptor is closed.
   */
  export function tryLock(descriptor: number, options?: { shared?: boolean }): boolean;
}
