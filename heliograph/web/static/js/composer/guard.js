// Nobody loses a photo and its words by a slip: leaving asks first.

export class Guard {
  constructor(form, dialog) {
    this.ask = (event) => event.preventDefault();
    this.active = false;
    form.querySelector("[data-back]").addEventListener("click", (event) => {
      if (!this.active) return;
      event.preventDefault();
      dialog.returnValue = "";
      dialog.showModal();
    });
    dialog.addEventListener("close", () => {
      if (dialog.returnValue !== "leave") return;
      this.off();
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
