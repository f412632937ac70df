// One's own picture and one's own words are two forms on a page: whichever button is pressed, neither is lost.

const picture = document.querySelector("[data-own-picture]");
const words = document.querySelector("[data-own-words]");

const chosen = () => picture.elements.photo.files.length > 0;
const typed = () => [...words.elements].some((field) => "defaultValue" in field && field.value !== field.defaultValue);

// Nothing was typed yet: the picture that was chosen is the picture that is meant.
picture.addEventListener("change", () => {
  if (chosen() && !typed()) picture.requestSubmit();
});

words.addEventListener("submit", async (event) => {
  if (!chosen()) return;
  event.preventDefault();
  if (await sent(picture)) words.submit();
  else picture.requestSubmit(); // its page says what is wrong with the picture
});

picture.addEventListener("submit", async (event) => {
  if (!typed()) return;
  event.preventDefault();
  if (!words.reportValidity()) return;
  await sent(words);
  picture.submit();
});

async function sent(form) {
  try {
    return (await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" })).status === 0;
  } catch {
    return false;
  }
}
