/** As much of Node.js as these tests use; its own types would be one more dependency. */

declare module "node:test" {
  interface TestContext {
    mock: {
      method(
        owner: object,
        name: string,
        replacement: (argument: any) => void,
      ): { mock: { calls: { arguments: unknown[] }[]; callCount(): number } };
    };
  }
  export function test(name: string, body: (context: TestContext) => void | Promise<void>): void;
}

declare module "node:assert/strict" {
  const assert: {
    ok(value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    match(actual: string, expected: RegExp): void;
    fail(message: string): never;
    rejects(promise: Promise<unknown>, expected: { name: string; message: string }): Promise<void>;
  };
  export default assert;
}

declare const process: { nextTick(action: () => void): void };
