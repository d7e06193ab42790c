/**
 * The socket `larder.v1` (docs/realtime.md), kept open for as long as somebody is signed in.
 *
 * Owns: tickets, coming back, a position for each topic, silence. It holds no order: what comes is handed to listeners.
 * Invariants: a position belongs to a topic and outlives its connection, also one that ended before it answered;
 * nothing received is asked for again and nothing else is passed over; whoever listens is told to fetch whenever events
 * alone are not enough: at first, when a position is void, when the person may see something else. `status` says what
 * is, not what is hoped: "live" means that every topic has been answered on a connection heard within three heartbeats.
 */
import type { components } from "../generated/frames";
import { ProblemError } from "./api";
import { backoff, type Chance, type Clock } from "./clock";
import { Store } from "./store";

type Frames = components["schemas"];
export type ServerFrame = Frames["ServerFrame"];
export type ClientFrame = Frames["ClientFrame"];
export type EventFrame = Frames["Event"];
export type AlertFrame = Frames["AlertState"];
export type LocationFrame = Frames["DriverLocation"];
export type Position = Frames["Position"];

export type LiveStatus =
  | { is: "off" }
  | { is: "connecting" }
  | { is: "live" }
  /** No connection; the next try is at this moment of the clock. */
  | { is: "waiting"; until: number }
  /** The browser says that it has no network. */
  | { is: "offline" }
  /** The server will not have us, and coming back would not mend it. */
  | { is: "refused"; code: number };

/** What somebody wants of a topic. Events come in the topic's order, each at least once. */
export interface Listener {
  event?(frame: EventFrame): void;
  /** Events alone do not say what is: fetch over HTTP, now, and let versions decide. */
  fetch?(): void;
  /** Every event of the topic up to now has been told. */
  current?(): void;
  location?(frame: LocationFrame): void;
  alert?(frame: AlertFrame): void;
  /** The topic is not ours any more. */
  left?(): void;
}

/** As much of a WebSocket as is used here. */
export interface Socket {
  send(text: string): void;
  close(): void;
  onopen: (() => void) | null;
  onmessage: ((message: { data: string }) => void) | null;
  onclose: ((close: { code: number }) => void) | null;
}

/** Whether the browser has a network, and whether somebody looks. `watch` calls at each change of either. */
export interface Surroundings {
  online(): boolean;
  visible(): boolean;
  watch(changed: () => void): () => void;
}

export interface LiveOptions {
  open(): Socket;
  /** A fresh ticket. */
  ticket(): Promise<string>;
  /** A fresh ticket of a token that was just renewed. */
  renewedTicket(): Promise<string>;
  clock: Clock;
  chance: Chance;
  surroundings: Surroundings;
  /** How far the server's log was when it said this: what is fetched from here on has to see that. */
  position?(position: string): void;
}

export const RENEW_MS = 10 * 60_000; // a token lives 15 minutes
const HELLO_MS = 10_000;
const SILENT_BEATS = 3;

const [UNAUTHENTICATED, FORBIDDEN_TOPIC, TOO_MANY_SOCKETS] = [4401, 4403, 4409];
const MEND_THE_CLIENT = new Set([1002, 1007, 1009, 4400, 4429]);

interface Topic {
  listeners: Set<Listener>;
  position: Position | null;
}

export class Live {
  readonly status = new Store<LiveStatus>({ is: "off" });
  /** Every event, before its listeners have it: for reports. */
  onEvent: ((frame: EventFrame) => void) | null = null;

  readonly #options: LiveOptions;
  readonly #topics = new Map<string, Topic>();
  /** Topics that were answered on this connection, and those that still have to be, in the order they were asked. */
  readonly #answered = new Set<string>();
  #asked: string[] = [];
  #socket: Socket | null = null;
  #attempt = 0; // what an older one still has under way is not ours any more
  #tries = 0;
  #hasBeenIn = false;
  #epoch = "";
  #heartbeatMs = 0;
  #heardAt = 0;
  #due: number | null = null; // when the server asked us to come back
  #stopSilence = () => {};
  #stopRenewal = () => {};
  #stopWaiting = () => {};
  #stopWatching = () => {};

  constructor(options: LiveOptions) {
    this.#options = options;
  }

  /** From now on, until `stop`. */
  start(): void {
    if (this.status.value.is !== "off") return;
    this.#stopWatching = this.#options.surroundings.watch(() => this.#look());
    this.#connect();
  }

  /** Ends it, and forgets everything: whoever comes next sees something else. */
  stop(): void {
    this.#stopWatching();
    this.#stopWaiting();
    this.#hangUp();
    for (const topic of this.#topics.values()) topic.position = null;
    this.#due = null;
    this.#tries = 0;
    this.#hasBeenIn = false;
    this.status.set({ is: "off" });
  }

  /** Hears of a topic until the answer is called. Who comes to a topic that runs already is told to fetch at once. */
  listen(name: string, listener: Listener): () => void {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { listeners: new Set(), position: null };
      this.#topics.set(name, topic);
      if (this.#epoch !== "" && this.#heartbeatMs > 0) this.#subscribe(name, topic);
    } else if (this.#answered.has(name)) {
      listener.fetch?.();
    }
    topic.listeners.add(listener);
    return () => this.#unlisten(name, listener);
  }

  /** Where a driver is; dropped while there is no connection, since the next one comes within a second. */
  sendLocation(lat: number, lon: number): void {
    if (this.#heartbeatMs > 0) this.#send({ type: "location", lat, lon });
  }

  #unlisten(name: string, listener: Listener): void {
    const topic = this.#topics.get(name);
    if (!topic?.listeners.delete(listener) || topic.listeners.size > 0) return;
    this.#topics.delete(name);
    // An answer may still be due: it keeps its place in the order, which says whose a refusal is.
    if (this.#answered.delete(name) || this.#asked.includes(name)) this.#send({ type: "unsubscribe", topic: name });
  }

  async #connect(): Promise<void> {
    this.#stopWaiting();
    if (!this.#options.surroundings.online()) {
      this.status.set({ is: "offline" });
      return;
    }
    const attempt = ++this.#attempt;
    this.#due = null;
    this.#tries += 1;
    this.status.set({ is: "connecting" });
    let ticket: string;
    try {
      ticket = await this.#options.ticket();
    } catch (error) {
      if (attempt === this.#attempt) this.#afterTicket(error);
      return;
    }
    if (attempt !== this.#attempt) return;
    const socket = this.#options.open();
    this.#socket = socket;
    this.#watchSilence(HELLO_MS);
    socket.onopen = () => this.#send({ type: "hello", ticket });
    socket.onmessage = ({ data }) => this.#hear(JSON.parse(data));
    socket.onclose = ({ code }) => this.#lose(code);
  }

  /** No ticket: who is not signed in any more is told so by the api, and then stops us. */
  #afterTicket(error: unknown): void {
    const asked = error instanceof ProblemError ? error.retryAfterMs : undefined;
    // What all are told alike is spread by what each waits besides.
    if (asked !== undefined) this.#due = this.#options.clock.now() + asked + this.#wait();
    this.#later();
  }

  #hear(frame: ServerFrame): void {
    this.#tries = 0;
    this.#hasBeenIn = true;
    this.#heardAt = this.#options.clock.now();
    if (this.#heartbeatMs > 0) this.#watchSilence(SILENT_BEATS * this.#heartbeatMs);
    if ("position" in frame && frame.position !== undefined) this.#options.position?.(frame.position);
    switch (frame.type) {
      case "welcome":
        this.#begin(frame);
        break;
      case "subscribed":
        this.#goOn(frame.topic, frame.seq);
        break;
      case "unsubscribed":
        this.#asked = this.#asked.filter((name) => name !== frame.topic || this.#topics.has(name));
        this.#tellIfLive();
        break;
      case "event":
        this.#pass(frame);
        break;
      case "at":
        for (const name of this.#answered) {
          this.#place(name, frame.seq);
          this.#each(name, (listener) => listener.current?.());
        }
        break;
      case "resync":
        this.#epoch = frame.epoch;
        this.#place(frame.topic, frame.seq);
        this.#each(frame.topic, (listener) => listener.fetch?.());
        break;
      case "location":
        // It names no topic: whoever listens to locations tells by the order's id whether it concerns them.
        for (const name of this.#topics.keys()) this.#each(name, (listener) => listener.location?.(frame));
        break;
      case "alert":
        this.#each(frame.topic, (listener) => listener.alert?.(frame));
        break;
      case "drain":
        this.#leaveBy(frame.reconnect_after_ms);
        break;
      default: // a type that we do not know yet
    }
  }

  #begin(welcome: Frames["Welcome"]): void {
    this.#epoch = welcome.epoch;
    this.#heartbeatMs = Math.max(1, welcome.heartbeat_s * 1000);
    this.#watchSilence(SILENT_BEATS * this.#heartbeatMs);
    this.#scheduleRenewal();
    for (const [name, topic] of this.#topics) this.#subscribe(name, topic);
    this.#tellIfLive();
  }

  #subscribe(name: string, topic: Topic): void {
    this.#asked.push(name);
    this.#send({ type: "subscribe", topic: name, ...(topic.position === null ? {} : { after: topic.position }) });
  }

  #goOn(name: string, seq: number): void {
    this.#asked.splice(this.#asked.indexOf(name), 1);
    const topic = this.#topics.get(name);
    if (topic !== undefined) {
      const before = topic.position;
      this.#answered.add(name);
      this.#place(name, seq);
      // Another place than we asked for: a resync is on its way, but the connection may end before it comes.
      const kept = before !== null && before.seq === seq && before.epoch === this.#epoch;
      if (!kept) this.#each(name, (listener) => listener.fetch?.());
    }
    this.#tellIfLive();
  }

  #pass(frame: EventFrame): void {
    this.#place(frame.topic, frame.seq);
    this.onEvent?.(frame);
    this.#each(frame.topic, (listener) => listener.event?.(frame));
  }

  #place(name: string, seq: number): void {
    const topic = this.#topics.get(name);
    if (topic !== undefined) topic.position = { epoch: this.#epoch, seq };
  }

  #each(name: string, tell: (listener: Listener) => void): void {
    for (const listener of [...(this.#topics.get(name)?.listeners ?? [])]) tell(listener);
  }

  #tellIfLive(): void {
    if (this.#asked.length === 0) this.status.set({ is: "live" });
  }

  /** Before a deploy. The connection stays until then; when it ends earlier, we still come at that moment. */
  #leaveBy(ms: number): void {
    this.#due = this.#options.clock.now() + ms;
    this.#stopWaiting = this.#options.clock.after(ms, () => {
      this.#hangUp();
      this.#connect();
    });
  }

  /** Before the token runs out. What goes wrong here is tried again with the next connection, by its ticket. */
  #scheduleRenewal(): void {
    const attempt = this.#attempt;
    this.#stopRenewal();
    this.#stopRenewal = this.#options.clock.after(RENEW_MS, async () => {
      try {
        const ticket = await this.#options.renewedTicket();
        if (attempt === this.#attempt) this.#send({ type: "auth", ticket });
      } catch (error) {
        // The socket ends with its token, and then says so itself.
        if (!(error instanceof Error)) throw error;
      }
      if (attempt === this.#attempt) this.#scheduleRenewal();
    });
  }

  #watchSilence(ms: number): void {
    this.#stopSilence();
    this.#stopSilence = this.#options.clock.after(ms, () => this.#lose(1006));
  }

  /** The network or the page's visibility changed. A page that slept may hold a connection that died meanwhile. */
  #look(): void {
    const { surroundings, clock } = this.#options;
    if (!surroundings.online()) {
      this.#stopWaiting();
      this.#hangUp();
      this.status.set({ is: "offline" });
      return;
    }
    const silent = this.#heartbeatMs > 0 && clock.now() - this.#heardAt > SILENT_BEATS * this.#heartbeatMs;
    if (silent) this.#lose(1006);
    const { is } = this.status.value;
    if (is === "offline" && this.#due !== null) this.#later();
    else if (is === "offline" || (is === "waiting" && this.#due === null && surroundings.visible())) {
      this.#tries = 0; // what the server asked us to wait is waited; what we wait of our own is cut short
      this.#connect();
    }
  }

  #lose(code: number): void {
    const refused = code === FORBIDDEN_TOPIC ? this.#asked[0] : undefined;
    const barred = MEND_THE_CLIENT.has(code) || (code === TOO_MANY_SOCKETS && !this.#hasBeenIn);
    this.#hangUp();
    // Role, zone or restaurant may have changed: what we know is perhaps not for us any more.
    if (code === UNAUTHENTICATED) for (const topic of this.#topics.values()) topic.position = null;
    if (code === FORBIDDEN_TOPIC && refused?.startsWith("order:")) {
      this.#each(refused, (listener) => listener.left?.());
      this.#topics.delete(refused);
    } else if (barred || code === FORBIDDEN_TOPIC) {
      this.status.set({ is: "refused", code });
      return;
    }
    this.#later();
  }

  #later(): void {
    const { clock } = this.#options;
    const until = this.#due ?? clock.now() + this.#wait();
    this.#stopWaiting();
    this.status.set({ is: "waiting", until });
    this.#stopWaiting = clock.after(Math.max(0, until - clock.now()), () => this.#connect());
  }

  #wait(): number {
    return backoff(this.#tries, this.#options.chance());
  }

  /** At once and for good: nothing that this connection still says is heard. */
  #hangUp(): void {
    this.#attempt += 1;
    this.#stopSilence();
    this.#stopRenewal();
    const socket = this.#socket;
    this.#socket = null;
    this.#answered.clear();
    this.#asked = [];
    this.#heartbeatMs = 0;
    if (socket === null) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #send(frame: ClientFrame): void {
    this.#socket?.send(JSON.stringify(frame));
  }
}
