// The tables of the filters, each fetched when it is first wanted, and once.

const fetched = new Map(); // address -> promise of bytes
const BYTES = 33 ** 3 * 4;

/** A filter's table as bytes; null when there is none at this address, or it does not come. */
export function table(address) {
  if (!address) return Promise.resolve(null);
  if (!fetched.has(address)) fetched.set(address, bring(address));
  return fetched.get(address);
}

async function bring(address) {
  for (let wait = 500; wait < 10_000; wait *= 2) {
    try {
      const response = await fetch(address);
      const bytes = response.ok ? new Uint8Array(await response.arrayBuffer()) : null;
      if (bytes?.length === BYTES) return bytes;
      if (response.status === 404 || bytes) break;
    } catch {
      // no connection: once more
    }
    await new Promise((go) => setTimeout(go, wait));
  }
  fetched.delete(address); // asked for again when the filter is
  return null;
}
