// Counts down the characters of a text once they are few.

const FEW = 200;

export function counters(form, says) {
  for (const field of form.querySelectorAll("textarea[maxlength]")) {
    const counter = document.createElement("p");
    counter.className = "counter";
    counter.setAttribute("role", "status");
    counter.hidden = true;
    field.after(counter);
    field.addEventListener("input", () => {
      const left = field.maxLength - field.value.length;
      counter.hidden = left > Math.min(FEW, field.maxLength / 5);
      const number = left.toLocaleString(document.documentElement.lang);
      if (!counter.hidden) counter.textContent = says.left.replace("{n}", number);
    });
  }
}
