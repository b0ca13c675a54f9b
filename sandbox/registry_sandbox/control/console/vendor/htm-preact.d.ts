/** What the console uses of htm 3.1.1 with Preact. */
export type View = unknown;
export type Setter<T> = (value: T | ((before: T) => T)) => void;
export const html: (strings: TemplateStringsArray, ...values: unknown[]) => View;
export function render(view: View, parent: Element): void;
export function useState<T>(initial: T | (() => T)): [T, Setter<T>];
export function useEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useLayoutEffect(effect: () => void | (() => void), inputs?: readonly unknown[]): void;
export function useRef<T>(initial: T): { current: T };
export function useMemo<T>(make: () => T, inputs: readonly unknown[]): T;
export function useErrorBoundary(): [unknown, () => void];
