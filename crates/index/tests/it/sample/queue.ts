import type { Clock } from './clock';
import { EventEmitter } from 'node:events';

export interface Job<T> {
  id: number;
  run(): Promise<T>;
}

type Result<T> = { ok: true; value: T } | { ok: false; error: Error };

export enum State {
  Idle,
  Busy,
}

export abstract class Base {
  protected abstract step(): void;
}

export default class Queue<T> extends Base {
  private jobs: Job<T>[] = [];
  public state: State = State.Idle;

  constructor(private readonly clock: Clock, readonly limit = 4) {
    super();
  }

  public static empty<U>(clock: Clock): Queue<U> {
    return new Queue<U>(clock);
  }

  add(job: Job<T>): this {
    if (this.jobs.length >= this.limit) {
      throw new RangeError(`more than ${this.limit} jobs`);
    }
    this.jobs.push(job);
    return this;
  }

  protected override step(): void {
    this.state = this.jobs.length > 0 ? State.Busy : State.Idle;
  }

  async drain(): Promise<Result<T>[]> {
    const results: Result<T>[] = [];
    for (const job of this.jobs.splice(0)) {
      try {
        results.push({ ok: true, value: await job.run() });
      } catch (error) {
        results.push({ ok: false, error: error as Error });
      }
    }
    return results;
  }
}

export const pick = <T, K extends keyof T>(value: T, keys: K[]): Pick<T, K> =>
  Object.fromEntries(keys.map((key) => [key, value[key]])) as Pick<T, K>;

export function once(emitter: EventEmitter, name: string): Promise<unknown>;
export function once(emitter: EventEmitter, name: string, limit: number): Promise<unknown>;
export function once(emitter: EventEmitter, name: string, limit = 0): Promise<unknown> {
  return new Promise((resolve) => emitter.once(name, resolve));
}
