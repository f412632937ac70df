// The tools one at a time: tabs as the keyboard and screen readers expect them. The form says which in data-tool.

export function tabs(form, chosen) {
  const list = form.querySelector("[role=tablist]");
  const all = [...list.querySelectorAll("[role=tab]")];

  function show(tool) {
    form.dataset.tool = tool;
    for (const tab of all) {
      tab.setAttribute("aria-selected", String(tab.dataset.tool === tool));
      tab.tabIndex = tab.dataset.tool === tool ? 0 : -1;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      panel.setAttribute("role", "tabpanel");
      panel.setAttribute("aria-labelledby", tab.id);
    }
    chosen(tool);
  }

  list.addEventListener("click", (event) => {
    const tab = event.target.closest("[role=tab]");
    if (tab) show(tab.dataset.tool);
  });
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1 };
    if (!(event.key in steps)) return;
    const there = all.filter((tab) => tab.offsetParent);
    const sign = getComputedStyle(list).direction === "rtl" ? -1 : 1;
    const at = there.indexOf(document.activeElement) + sign * steps[event.key];
    const next = there[(at + there.length) % there.length];
    next.focus();
    show(next.dataset.tool);
  });
  return show;
}
