// What this device keeps for the person who uses it, in IndexedDB: posts that wait, and a post that is being written.

/** A database with these stores ({ name: key path }): a function (mode, store, deed) that does one thing in it. */
export function cupboard(database, stores) {
  return (mode, store, deed) =>
    new Promise((resolve, reject) => {
      const opening = indexedDB.open(database, 1);
      opening.onupgradeneeded = () => {
        for (const [name, keyPath] of Object.entries(stores)) opening.result.createObjectStore(name, { keyPath });
      };
      opening.onerror = () => reject(opening.error);
      opening.onsuccess = () => {
        const base = opening.result;
        const change = base.transaction(store, mode);
        const asked = deed(change.objectStore(store));
        change.oncomplete = () => resolve(asked.result);
        change.onerror = change.onabort = () => reject(change.error);
        change.addEventListener("complete", () => base.close());
        if (mode === "readwrite") change.commit?.(); // also when the page goes away in this moment
      };
    });
}
