// One process that holds a function's code and runs it again and again, one run at a time: with the function's credentials and nothing of the
// server's, with limits on time and memory, and under Node's permission model, which leaves it its own code and a folder for temporary files.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { elapsedMs } from '../base/clock.ts';
import { limits } from '../base/limits.ts';
import type { FunctionRun } from '../kit/ports.ts';

/** Where the process finds what it may read and write. */
export interface Places {
  readonly taskRoot: string;
  readonly scratch: string;
  /** Folders of modules that are offered to every function. */
  readonly modules: readonly string[];
}

export interface Environment {
  /** Undefined when the process is past use. */
  run(run: FunctionRun, task: object): Promise<Ended>;
  readonly isUsable: () => boolean;
  /** While it waits it keeps no server from ending. */
  rest(): void;
  end(): void;
  readonly startedMs: number;
}

/** What came of a run. */
export interface Ended {
  /** Undefined: there was none, because the process ended. */
  readonly answer: Answer | undefined;
  readonly log: string;
  readonly isTimedOut: boolean;
  readonly exit: string | undefined;
  readonly durationMs: number;
  /** How long the code took to load; undefined when it was loaded before. */
  readonly initMs: number | undefined;
}

export interface Answer {
  readonly ready?: boolean;
  readonly result?: string;
  readonly error?: object;
  readonly usedMb?: number;
}

/** A result is JSON in JSON, which can double it. */
const answerBytesMax = 3 * limits.functionPayloadBytesMax;
/** AWS: the code has ten seconds to load before that counts as the run's own time. */
const initMsMax = 10_000;
const memoryEveryMs = 100;
/** The log comes by other ways than the answer; it is not waited for longer than this. */
const logDelayMs = 250;
const pageBytes = 4_096;
const inside = join(import.meta.dirname, 'inside');

export function startEnvironment(run: FunctionRun, places: Places, variables: Readonly<Record<string, string>>): Environment {
  const startedMs = elapsedMs();
  const child = spawn(process.execPath, parametersOf(run, places), {
    cwd: places.taskRoot,
    env: variables,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
  });
  // Decoding boundary: the five entries are what `stdio` asked for.
  const [, stdout, stderr, answerStream, tasks] = child.stdio as unknown as [null, Readable, Readable, Readable, Writable];
  // A process that ends before it has read its task says so by its exit.
  tasks.on('error', () => undefined);
  const answers = answersOf(answerStream);
  const log = logOf([stdout, stderr]);
  const closed = closing(child);
  const memory = watchMemory(child, run.memoryMb);
  let isOver = false;
  void closed.then(() => {
    isOver = true;
    memory.stop();
    answers.close();
  });
  const streams = [child, ...[stdout, stderr, answerStream, tasks].map(referable)];
  let isReady = false;
  return {
    startedMs,
    isUsable: () => !isOver,
    async run(each, task) {
      for (const stream of streams) stream.ref();
      log.begin(each.requestId);
      memory.start();
      const began = elapsedMs();
      const first = isReady ? undefined : await within(answers.next(), initMsMax);
      const initMs = isReady ? undefined : elapsedMs() - began;
      isReady ||= first !== 'late' && first?.ready === true;
      const ran = elapsedMs();
      let answer = first === 'late' || first?.ready ? undefined : first;
      let isTimedOut = false;
      if (answer === undefined && !isOver) {
        tasks.write(`${JSON.stringify({ ...task, mark: log.mark })}\n`);
        const said = await within(answerAfterReady(answers), each.timeoutMs);
        isTimedOut = said === 'late';
        if (said === 'late') child.kill('SIGKILL');
        else answer = said;
        isReady = true;
      }
      const durationMs = elapsedMs() - ran;
      memory.stop();
      if (answer === undefined) await closed;
      else await log.complete(closed);
      const exit = isOver ? await closed : undefined;
      return { answer, log: log.text(), isTimedOut, exit, durationMs, initMs };
    },
    rest() {
      for (const stream of streams) stream.unref();
    },
    end() {
      child.kill('SIGKILL');
    },
  };
}

function parametersOf({ memoryMb }: FunctionRun, { taskRoot, scratch, modules }: Places): readonly string[] {
  const readable = [taskRoot, scratch, inside, ...modules].map((path) => `--allow-fs-read=${path}`);
  const bootstrap = join(inside, 'bootstrap.js');
  return [`--max-old-space-size=${memoryMb}`, '--permission', ...readable, `--allow-fs-write=${scratch}`, bootstrap];
}

/** The pipes to a child are sockets, which can be kept from holding the process. */
function referable(stream: Readable | Writable): { ref(): void; unref(): void } {
  const { ref, unref } = stream as Partial<{ ref(): void; unref(): void }>;
  return { ref: () => ref?.call(stream), unref: () => unref?.call(stream) };
}

/** How the process ended, in the words of AWS's supervisor. */
function closing(child: ChildProcess): Promise<string> {
  const words: Partial<Record<NodeJS.Signals, string>> = { SIGKILL: 'killed', SIGABRT: 'aborted', SIGSEGV: 'segmentation fault' };
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal === null ? `exit status ${code}` : `signal: ${words[signal] ?? signal}`));
  });
}

/** After a slow start the word that it is ready comes first. */
async function answerAfterReady(answers: Answers): Promise<Answer | undefined> {
  const first = await answers.next();
  return first?.ready ? answers.next() : first;
}

async function within<Value>(promise: Promise<Value>, ms: number): Promise<Value | 'late'> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

interface Answers {
  /** Undefined when the process has ended without one. */
  next(): Promise<Answer | undefined>;
  close(): void;
}

/** Lines of JSON. What is longer than any answer may be, or is none, counts as none. */
function answersOf(stream: Readable): Answers {
  const arrived: Answer[] = [];
  let text = '';
  let isClosed = false;
  let waiting: ((answer: Answer | undefined) => void) | undefined;
  const settle = (): void => {
    if (waiting === undefined || (arrived.length === 0 && !isClosed)) return;
    const resolve = waiting;
    waiting = undefined;
    resolve(arrived.shift());
  };
  stream.setEncoding('utf8');
  stream.on('data', (chunk: string) => {
    if (text.length <= answerBytesMax) text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    for (const line of lines) arrived.push(parsed(line));
    settle();
  });
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        settle();
      }),
    close() {
      isClosed = true;
      settle();
    },
  };
}

function parsed(line: string): Answer {
  try {
    // Decoding boundary: inside/ writes it; a function that writes to the descriptor itself deceives only its own caller.
    return JSON.parse(line) as Answer;
  } catch {
    return {};
  }
}

interface RunLog {
  /** What the process prints on each stream when the run is over. */
  readonly mark: string;
  begin(requestId: string): void;
  /** Once both streams have said so, the process has ended, or it has taken too long. */
  complete(closed: Promise<unknown>): Promise<void>;
  text(): string;
}

/** What is printed during a run, up to a limit; what comes after it is lost, and not held against the process. */
function logOf(streams: readonly Readable[]): RunLog {
  let mark = '';
  let size = 0;
  let chunks: string[] = [];
  const ends = streams.map(() => '');
  let noticed: (() => void) | undefined;
  const isComplete = (): boolean => ends.every((end) => end === mark);
  for (const [index, stream] of streams.entries()) {
    stream.setEncoding('utf8');
    stream.on('data', (chunk: string) => {
      ends[index] = ((ends[index] ?? '') + chunk).slice(-mark.length);
      if (size < limits.functionLogBytesMax) chunks.push(chunk.slice(0, limits.functionLogBytesMax - size));
      size += chunk.length;
      if (isComplete()) noticed?.();
    });
  }
  return {
    get mark() {
      return mark;
    },
    begin(requestId) {
      mark = `\u0000${requestId}\u0000`;
      size = 0;
      chunks = [];
      ends.fill('');
    },
    async complete(closed) {
      if (isComplete()) return;
      const marked = new Promise<void>((resolve) => {
        noticed = resolve;
      });
      await within(Promise.race([marked, closed]), logDelayMs);
      noticed = undefined;
    },
    text: () => chunks.join('').replaceAll(mark, ''),
  };
}

/** AWS: a process that needs more memory than its function has is killed. What V8 knows of is limited by V8 itself. */
function watchMemory(child: ChildProcess, memoryMb: number): { start(): void; stop(): void } {
  let timer: NodeJS.Timeout | undefined;
  return {
    start() {
      timer = setInterval(() => {
        if (residentBytes(child.pid) > memoryMb * 1024 * 1024) child.kill('SIGKILL');
      }, memoryEveryMs);
    },
    stop() {
      clearInterval(timer);
    },
  };
}

/** Zero where the system does not tell. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1]) * pageBytes;
  } catch {
    return 0;
  }
}
