// Nobody loses a photo and its words by a slip: going back asks first, and so does leaving what this device cannot keep.

export class Guard {
  constructor(form, dialog, draft) {
    this.ask = (event) => !draft.safe && event.preventDefault();
    this.active = false;
    form.querySelector("[data-back]").addEventListener("click", (event) => {
      if (!this.active) return;
      event.preventDefault();
      dialog.classList.toggle("forgets", draft.lost);
      dialog.returnValue = "";
      dialog.showModal();
    });
    dialog.addEventListener("close", async () => {
      if (!["leave", "discard"].includes(dialog.returnValue)) return;
      this.off();
      await (dialog.returnValue === "discard" ? draft.drop({ over: true }) : draft.write());
      location.assign("/");
    });
  }

  on() {
    if (!this.active) addEventListener("beforeunload", this.ask);
    this.active = true;
  }

  off() {
    removeEventListener("beforeunload", this.ask);
    this.active = false;
  }
}
