// The part of xml-encryption that is used here; the package brings no types of its own.
declare module 'xml-encryption' {
  export interface DecryptOptions {
    readonly key: string;
    readonly disallowDecryptionWithInsecureAlgorithm: boolean;
    readonly warnInsecureAlgorithm: boolean;
  }
  export function decrypt(xml: string, options: DecryptOptions, callback: (error: Error | null, result: string) => void): void;
}
