// Keys for whoever decides many orders: in the queue and on an order's page. The profile switches them off.
(() => {
  const isOff = document.body.dataset.keys === "off";
  const rows = () => [...document.querySelectorAll("#batch tbody tr, table.table-cards tbody tr")].filter((row, n, all) => all.indexOf(row) === n);
  const queue = document.querySelector("[data-queue]");
  let at = -1;

  const go = (to) => {
    const all = rows();
    if (!all.length) return;
    all[at]?.classList.remove("is-current");
    at = Math.min(Math.max(to, 0), all.length - 1);
    all[at].classList.add("is-current");
    const link = all[at].querySelector("a");
    if (link) link.focus();
    all[at].scrollIntoView({ block: "nearest" });
  };
  const press = (selector) => rows()[at]?.querySelector(selector)?.click();
  const focusOn = (selector) => document.querySelector(selector)?.focus();

  const inQueue = {
    j: () => go(at + 1),
    k: () => go(at - 1),
    a: () => press("button[id^='approve-']"),
    r: () => press("a[href$='#reason']"),
    x: () => press("input[data-row]"),
  };
  const onOrder = {
    a: () => document.querySelector("#approve button:not([disabled])")?.click(),
    r: () => focusOn("#reason"),
    n: () => document.querySelector("#next")?.click(),
  };
  const keys = queue ? inQueue : onOrder;
  const help = document.querySelector("[data-keys-help]");

  const openHelp = () => { if (help && !help.open) help.showModal(); };
  for (const button of document.querySelectorAll("[data-keys-open]")) {
    button.hidden = false;
    button.addEventListener("click", openHelp);
  }

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], dialog");
    if (isOff || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") { event.preventDefault(); openHelp(); return; }
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // A reason from the list is written into the field, where it can still be changed.
  for (const select of document.querySelectorAll("[data-fills]")) {
    select.addEventListener("change", () => {
      const field = document.getElementById(select.dataset.fills);
      if (field && select.value) { field.value = select.value; field.focus(); }
    });
  }
})();
