/** What a system does to the databases of a browser: closes or loses them under its hands, opens none. */
import { forceCloseDatabase } from "fake-indexeddb";
import { afterEach } from "vitest";

const open = indexedDB.open;
const opened = new Set<IDBDatabase>();

indexedDB.open = (...wanted) => {
  const opening = open.apply(indexedDB, wanted);
  opening.addEventListener("success", () => opened.add(opening.result));
  return opening;
};

afterEach(() => opened.clear());

/** Closes every connection, as Safari does with pages in the background. */
export function closeDatabases(): void {
  for (const connection of opened) forceCloseDatabase(connection as never);
  opened.clear();
}

/** Nothing can be done with any connection any more, and nobody is told: as Safari is when its server was ended. */
export function loseDatabases(): void {
  for (const connection of opened) {
    connection.transaction = () => {
      throw new DOMException("Connection to Indexed Database server lost.", "UnknownError");
    };
  }
  opened.clear();
}

/** Nothing can be opened while `work` runs. */
export async function withoutDatabases(work: () => Promise<void>): Promise<void> {
  const usual = indexedDB.open;
  indexedDB.open = () => {
    throw new DOMException("The user denied permission.", "SecurityError");
  };
  try {
    await work();
  } finally {
    indexedDB.open = usual;
  }
}

/** As somebody does who deletes what a site keeps. */
export async function deleteDatabase(name: string): Promise<void> {
  closeDatabases();
  await new Promise((resolve, reject) => {
    const deleting = indexedDB.deleteDatabase(name);
    deleting.addEventListener("success", resolve);
    deleting.addEventListener("error", reject);
  });
}
