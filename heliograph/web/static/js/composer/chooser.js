// Ways in for a photo: the button, the camera, a drop, the clipboard. Gives back a way to put one into the field.

export function chooser(form, says, { take, complain }) {
  const field = form.elements.photo;
  const accepted = field.accept.split(",").map((kind) => kind.trim());

  field.addEventListener("change", () => {
    field.removeAttribute("capture");
    choose(field.files[0]);
  });
  form.querySelector("[data-camera]").addEventListener("click", () => {
    field.setAttribute("capture", "environment");
    field.click();
  });
  for (const kind of ["dragenter", "dragover"]) form.addEventListener(kind, over);
  for (const kind of ["dragleave", "drop"]) form.addEventListener(kind, () => form.classList.remove("over"));
  form.addEventListener("drop", (event) => from(event, event.dataTransfer));
  addEventListener("paste", (event) => {
    if (event.clipboardData?.files.length) from(event, event.clipboardData);
  });

  function over(event) {
    if (!event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    form.classList.add("over");
  }

  function from(event, transfer) {
    const file = [...transfer.files].find(({ type }) => type.startsWith("image/")) ?? transfer.files[0];
    if (!file) return;
    event.preventDefault();
    hold(file);
    choose(file);
  }

  function hold(file) {
    const files = new DataTransfer();
    files.items.add(file);
    field.files = files.files;
  }

  function choose(file) {
    if (!file) return;
    const wrong = mistake(file);
    if (!wrong) return take(file);
    complain(wrong);
    field.value = "";
  }

  function mistake(file) {
    const named = (end) => end.startsWith(".") && file.name.toLowerCase().endsWith(end);
    // Some systems know no kinds: then the server says what it is.
    if (file.type && !accepted.includes(file.type) && !accepted.some(named)) return says.wrongType;
    if (!file.size) return says.empty;
    return file.size > Number(form.dataset.largest) ? says.tooLarge : "";
  }

  return hold;
}
