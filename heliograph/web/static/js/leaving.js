// Signing out forgets what this device keeps, before the session is gone: posts that wait, a post that was begun.

import { forget as forgetDrafts } from "./composer/draft.js";
import { forget as forgetWaiting } from "./waiting.js";

document.querySelector("[data-sign-out]").addEventListener("submit", async (event) => {
  event.preventDefault();
  await Promise.allSettled([forgetWaiting(), forgetDrafts()]);
  event.target.submit();
});
